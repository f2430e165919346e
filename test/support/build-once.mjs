// Jest's global set-up: builds the package and the samples if a source is newer than the last build, so that specs
// which need built files neither build at the same time nor see old ones.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const STAMP = 'node_modules/.cache/fastauth-tests/built';

export default function buildOnce() {
  const built = modifiedAt(STAMP);
  const sources = ['src', 'sample'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(
        (file) => /\.(?:ts|json)$/.test(file) && !file.includes('node_modules') && !file.startsWith('dist'),
      )
      .map((file) => join(folder, file)),
  );
  const newest = Math.max(
    ...[...sources, 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/bundle.mjs'].map(
      modifiedAt,
    ),
  );
  if (built > newest && modifiedAt('dist/index.js') > 0 && modifiedAt('sample/dist') > 0) return;
  rmSync(STAMP, { force: true });
  for (const script of ['build', 'build:samples'])
    execFileSync('npm', ['run', '-s', script], { stdio: 'inherit' });
  mkdirSync(join(STAMP, '..'), { recursive: true });
  writeFileSync(STAMP, '');
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
