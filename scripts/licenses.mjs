// `npm run licenses`: every package that comes with this one, by its licence; ends with 1 where one is not allowed.
// Reads the lockfile (an argument names another one), so that optional builds for other platforms are seen, too.
import { readFileSync } from 'node:fs';

/** Permissive: nothing is asked of a user but to keep the notice. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
]);

const { packages } = JSON.parse(readFileSync(process.argv[2] ?? 'package-lock.json', 'utf8'));
const byLicense = new Map();
let refused = 0;
for (const [path, { dev, devOptional, license = 'none' }] of Object.entries(packages)) {
  if (path === '' || dev || devOptional) continue;
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  byLicense.set(license, [...(byLicense.get(license) ?? []), name]);
}
for (const [license, names] of [...byLicense].sort()) {
  const isAllowed = ALLOWED.has(license);
  if (!isAllowed) refused += names.length;
  console.log(`${isAllowed ? 'allowed ' : 'REFUSED '} ${license}: ${names.sort().join(', ')}`);
}
if (byLicense.size === 0) {
  console.error('The lockfile lists no package.');
  process.exitCode = 1;
}
if (refused > 0) {
  console.error(
    `${refused} packages have a licence that is not allowed: replace them, or allow it on purpose.`,
  );
  process.exitCode = 1;
}
