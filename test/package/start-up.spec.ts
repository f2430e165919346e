import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'dependencies' | 'peerDependencies',
  Record<string, string>
>;

/** Writes the address of each module that is loaded; what those of CommonJS require is told at the end. */
const HOOKS = `import { writeSync } from 'node:fs';
export async function load(url, context, next) {
  writeSync(2, url + '\\n');
  return next(url, context);
}`;
const REGISTER = `import { register, createRequire } from 'node:module';
register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(HOOKS)}`)});
const { cache } = createRequire('file:///');
process.on('exit', () => process.stderr.write(Object.keys(cache).join('\\n')));`;

async function packagesOf(...args: string[]): Promise<ReadonlySet<string>> {
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(REGISTER)}`, ...args],
    { maxBuffer: 2 ** 24 },
  );
  return new Set(
    Array.from(stderr.matchAll(/^\S*\/node_modules\/((?:@[^/]+\/)?[^/]+)/gm), ([, name]) => name as string),
  );
}

describe('an application that starts with the module and the memory store', () => {
  // All that is optional is installed here; what the bare application loads itself is not the module's doing.
  it('loads no package that it does not need', async () => {
    const [bare, guarded] = await Promise.all([
      packagesOf('bench/start-up.js'),
      packagesOf('bench/start-up.js', 'module'),
    ]);
    expect(bare.has('fastify')).toBe(true);
    // What those need in turn is theirs.
    const named = [...guarded].filter(
      (name) => !bare.has(name) && name in { ...dependencies, ...peerDependencies },
    );
    expect(named.sort()).toEqual(['lru-cache']);
  });
});
