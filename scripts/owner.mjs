// Before publishing: npm links to the repository that package.json names, and vouches for it (provenance).
import { readFileSync } from 'node:fs';

if (readFileSync('package.json', 'utf8').includes('github.com/OWNER/')) {
  console.error(
    'package.json has OWNER in place of the owner of the repository: see "Releasing" in CONTRIBUTING.md.',
  );
  process.exitCode = 1;
}
