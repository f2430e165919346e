import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  dependencies: Record<string, string>;
};

function check(lockfile = 'package-lock.json') {
  return spawnSync(process.execPath, ['scripts/licenses.mjs', lockfile], { encoding: 'utf8' });
}

afterAll(removeTemporaryFolders);

describe('what is shipped', () => {
  it('has licences that are allowed, each of its packages', () => {
    const { status, stdout } = check();
    expect(status).toBe(0);
    for (const name of Object.keys(dependencies)) expect(stdout).toContain(name);
  });

  it.each(['GPL-3.0', 'UNLICENSED', undefined])('may not have a package with the licence %p', (license) => {
    const lockfile = join(temporaryFolder(), 'package-lock.json');
    writeFileSync(lockfile, JSON.stringify({ packages: { '': {}, 'node_modules/odd': { license } } }));
    const { status, stdout } = check(lockfile);
    expect(status).toBe(1);
    expect(stdout).toContain('odd');
  });

  it('has a reason for each package that it depends on', () => {
    const page = readFileSync('docs/dependencies.md', 'utf8');
    const named = Array.from(page.matchAll(/^\| `([^`]+)`/gm), ([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(dependencies).sort());
  });
});
