import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundledClient } from '../support/client-page.js';

const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, { default: string } | string>;
};

interface Loaded {
  /** Built files. */
  readonly files: readonly string[];
  /** What they were made from. */
  readonly sources: readonly string[];
  readonly packages: readonly string[];
  readonly bytes: number;
}

/** What is loaded along with a built file, before anything is asked of it. */
async function loadedWith(file: string): Promise<Loaded> {
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
      if (!external) waiting.push(path);
      else if (!isBuiltin(path)) packages.add(path);
    }
  }
  const texts = [...files].map((each) => readFileSync(each, 'utf8'));
  return {
    files: [...files],
    // The bundler names each source above its code.
    sources: texts.flatMap((text) =>
      [...text.matchAll(/^\/\/ build\/(.+)$/gm)].map(([, name]) => name as string),
    ),
    packages: [...packages].sort(),
    bytes: Buffer.byteLength(texts.join('')),
  };
}

const ofStores = (sources: readonly string[]): string[] =>
  sources.filter((source) => /^stores\/[^/]+\//.test(source));
const MOST_FILES = 32;
/** Of ours, and of what is joined to them of zod, which would be ninety more files. */
const [MOST_BYTES, MOST_BYTES_OF_ZOD] = [925_000, 215_000];
const AT_START = [
  '@nestjs/common',
  '@nestjs/common/constants.js',
  '@nestjs/common/utils/shared.utils.js',
  '@nestjs/core',
  '@nestjs/core/router/legacy-route-converter.js',
  '@nestjs/core/router/route-path-factory.js',
  'lru-cache',
  'path-to-regexp',
  'rxjs',
];
const DRIVERS = ['ioredis', 'kysely', 'lmdb', 'mysql2', 'pg', 'undici'];

describe('the entries of the package', () => {
  it('load neither a driver nor a store of SQL with the main one', async () => {
    const { sources, packages } = await loadedWith('dist/index.js');
    expect(ofStores(sources).filter((source) => source.startsWith('stores/sql/'))).toEqual([]);
    expect(sources.length).toBeGreaterThan(100);
    expect(packages.filter((name) => DRIVERS.includes(name))).toEqual([]);
  });

  // Each file and each package costs every application time when it starts; a clock would not tell so on every machine.
  it('load few files with the main one, and the packages that every application needs', async () => {
    const { files, packages, bytes } = await loadedWith('dist/index.js');
    expect(files.length).toBeLessThanOrEqual(MOST_FILES);
    expect(bytes).toBeLessThan(MOST_BYTES + MOST_BYTES_OF_ZOD);
    expect(packages).toEqual(AT_START);
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
    const { sources } = await loadedWith(entry.default);
    expect(sources).toContain(entry.default.replace(/^\.\/dist\//, ''));
    expect(ofStores(sources).filter((source) => !source.startsWith(`stores/${name}/`))).toEqual([]);
    expect(Object.keys(await import(`nestjs-fastauth/${name}`))).toEqual([store]);
  });
});
