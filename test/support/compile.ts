import { transform } from '@swc/core';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { cacheFolder } from './nest-packages.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Files compiled for a plain `node` process. */
export interface CompiledFiles {
  /** The JavaScript file of the entry. */
  readonly entry: string;
  remove(): void;
}

/**
 * Compiles a TypeScript file of this repository and all that it imports from it, for tests that need processes of
 * their own.
 * @param entry path from the repository's root, such as `test/support/child.ts`
 */
export async function compile(entry: string): Promise<CompiledFiles> {
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'run-'));
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  const waiting = [join(ROOT, entry)];
  const done = new Set<string>();
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    if (done.has(source)) continue;
    done.add(source);
    const code = await transpile(readFileSync(source, 'utf8'));
    const target = join(out, relative(ROOT, source)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
    const imported = ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName);
    const own = imported.filter((name) => name.startsWith('.'));
    waiting.push(...own.map((name) => resolve(dirname(source), name.replace(/\.js$/, '.ts'))));
  }
  return {
    entry: join(out, entry).replace(/\.ts$/, '.js'),
    remove: () => rmSync(out, { recursive: true, force: true }),
  };
}

/** TypeScript as a plain `node` process runs it. */
export async function transpile(source: string): Promise<string> {
  const { code } = await transform(source, {
    swcrc: false,
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: 'es2022',
    },
    module: { type: 'es6' },
  });
  return code;
}
