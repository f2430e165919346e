import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundledClient } from '../support/client-page.js';

const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, { default: string } | string>;
};

/** Built files and packages that are loaded along with a built file, before anything is asked of it. */
async function loadedWith(file: string): Promise<{ files: string[]; packages: string[] }> {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  const waiting = [relative('.', file)];
  const files = new Set<string>();
  const packages = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (files.has(next)) continue;
    files.add(next);
    for (const { path, kind, external } of metafile.inputs[next]?.imports ?? []) {
      if (kind !== 'import-statement') continue;
      if (external) packages.add(path);
      else waiting.push(path);
    }
  }
  return { files: [...files], packages: [...packages] };
}

const ofStores = (files: readonly string[]): string[] =>
  files.filter((file) => /^dist\/stores\/[^/]+\//.test(file));
const DRIVERS = ['ioredis', 'kysely', 'lmdb', 'mysql2', 'pg', 'undici'];

describe('the entries of the package', () => {
  it('load neither a driver nor a store of SQL with the main one', async () => {
    const { files, packages } = await loadedWith('dist/index.js');
    expect(ofStores(files).filter((file) => file.startsWith('dist/stores/sql/'))).toEqual([]);
    expect(files.length).toBeGreaterThan(100);
    expect(packages).toContain('@nestjs/core');
    expect(packages.filter((name) => DRIVERS.includes(name))).toEqual([]);
  });

  it('load nothing but themselves with the client, which is small', async () => {
    const entry = entries['./client'] as { default: string };
    const { files, packages } = await loadedWith(entry.default);
    expect(packages).toEqual([]);
    expect(files.filter((file) => !/^dist\/(?:client|wire)\//.test(file))).toEqual([]);
    expect(gzipSync(await bundledClient(entry.default, '{ createFastauthClient }')).length).toBeLessThan(
      3072,
    );
    expect(gzipSync(await bundledClient(entry.default, '{ clientCredentials }')).length).toBeLessThan(2048);
  });

  it.each([
    ['lmdb', 'LmdbTokenStore'],
    ['redis', 'RedisTokenStore'],
    ['rest', 'RestTokenStore'],
    ['sql', 'SqlTokenStore'],
  ])('give out one store with %s, and load no other', async (name, store) => {
    const entry = entries[`./${name}`] as { default: string };
    const { files } = await loadedWith(entry.default);
    expect(ofStores(files).filter((file) => !file.startsWith(`dist/stores/${name}/`))).toEqual([]);
    expect(Object.keys(await import(`nestjs-fastauth/${name}`))).toEqual([store]);
  });
});
