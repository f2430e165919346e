import { afterAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const ROOT = process.cwd();
const MINUTE = 60_000;

const fromRoot = (path: string): string => JSON.stringify(resolve(ROOT, path));

const APP = `
import { generateKeyPairSync } from 'node:crypto';
import type { JWK } from ${fromRoot('node_modules/jose/dist/types/index.js')};
import { FastauthModule, importJwk } from ${fromRoot('dist/index.js')};

const { privateKey } = generateKeyPairSync('ed25519');
declare const ofJose: JWK;
importJwk(privateKey.export({ format: 'jwk' }), { algorithm: 'EdDSA' });
importJwk(ofJose);
FastauthModule.forRoot({
  cryptographyKeys: [
    { jwk: privateKey.export({ format: 'jwk' }), algorithm: 'EdDSA' },
    { jwk: ofJose },
    { jwk: { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256', 'a-name-of-their-own': true } },
  ],
});
`;

/** What an application with `skipLibCheck: false` says to the package's types. */
async function check(nodeTypes: string): Promise<string> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'types'));
  symlinkSync(resolve(ROOT, 'node_modules', nodeTypes), join(folder, 'types/node'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'app.ts'), APP);
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, string | { types?: string }>;
  };
  const entries = Object.values(exports).flatMap((entry) =>
    typeof entry === 'object' && entry.types !== undefined ? [resolve(ROOT, entry.types)] : [],
  );
  expect(entries.length).toBeGreaterThan(2);
  const compilerOptions = {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    experimentalDecorators: true,
    target: 'es2022',
    module: 'nodenext',
    skipLibCheck: false,
    types: ['node'],
    // Also for the types of other packages: what they refer to is looked for here first.
    typeRoots: ['types'],
  };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['app.ts', ...entries] }),
  );
  const tsc = resolve(ROOT, 'node_modules/typescript/bin/tsc');
  return promisify(execFile)(process.execPath, [tsc, '--pretty', 'false', '-p', folder]).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

describe('the types of the package', () => {
  afterAll(removeTemporaryFolders);

  it.each([
    ['20', '@types/node'],
    ['26', 'types-node-26'],
  ])(
    'compile without skipLibCheck against @types/node %s',
    async (version, nodeTypes) => {
      const manifest = readFileSync(resolve('node_modules', nodeTypes, 'package.json'), 'utf8');
      expect((JSON.parse(manifest) as { version: string }).version).toMatch(new RegExp(`^${version}\\.`));
      expect(await check(nodeTypes)).toBe('');
    },
    2 * MINUTE,
  );
});
