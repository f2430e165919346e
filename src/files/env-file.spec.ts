import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getDefaultParser } from '@nestjs/config';
import * as fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js';
import { generateCryptographyKey } from '../keys/cryptography-key.js';
import { hasKeyInEnv, readKeyFromEnv, writeKeyToEnv } from './env-file.js';

describe('a .env file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder, '.env');
  });
  afterAll(removeTemporaryFolders);
  const text = (): string => readFileSync(path, 'utf8');

  it('is refused when it is a FIFO, and not waited for', async () => {
    execFileSync('mkfifo', [path]);
    await expect(readKeyFromEnv({ path })).rejects.toThrow(`${path} is a FIFO`);
    await expect(writeKeyToEnv({ key: 'a', path })).rejects.toThrow(`${path} is a FIFO`);
  });

  it('is made when it is not there, for its owner alone', async () => {
    expect(await hasKeyInEnv({ path })).toBe(false);
    const key = generateCryptographyKey();
    expect(await writeKeyToEnv({ key, path })).toBe(true);
    expect(text()).toBe(`CRYPTOGRAPHY_KEY=${key}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await readKeyFromEnv({ path })).toBe(key);
    expect(readdirSync(folder)).toEqual(['.env']);
  });

  it.each([
    ['KEY=old\n', 'KEY=new\n'],
    ['KEY=old', 'KEY=new'],
    ['A=1', 'A=1\nKEY=new\n'],
    ['A=1\r\n', 'A=1\r\nKEY=new\r\n'],
    ['  export KEY = old # comment\nB=2\n', '  export KEY=new\nB=2\n'],
    ['# KEY=old\nMY_KEY=1\nKEY_2=1\n', '# KEY=old\nMY_KEY=1\nKEY_2=1\nKEY=new\n'],
    ['KEY="old\nlines"\nB=2\n', 'KEY=new\nB=2\n'],
    ['A="\nKEY=inner\n"\n', 'A="\nKEY=inner\n"\nKEY=new\n'],
    ['KEY=one\nB=2\nKEY=two\n', 'KEY=new\nB=2\n# KEY stood here a second time\n'],
    ['', 'KEY=new\n'],
  ])('changes %j to %j and nothing else', async (before, after) => {
    writeFileSync(path, before);
    await writeKeyToEnv({ key: 'new', name: 'KEY', path });
    expect(text()).toBe(after);
  });

  it('narrows a mode that was too wide', async () => {
    writeFileSync(path, 'A=1\n', { mode: 0o644 });
    await writeKeyToEnv({ key: 'k', path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is written through a link', async () => {
    const target = join(folder, 'shared.env');
    writeFileSync(target, 'A=1\n');
    symlinkSync(target, path);
    await writeKeyToEnv({ key: 'k', name: 'KEY', path });
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('A=1\nKEY=k\n');
  });

  it('is made where a link points to that leads nowhere yet', async () => {
    symlinkSync('shared.env', path);
    await writeKeyToEnv({ key: 'k', name: 'KEY', path });
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'shared.env'), 'utf8')).toBe('KEY=k\n');
  });

  it('of another encoding is left as it is', async () => {
    const latin = Buffer.from('A=caf\u00e9\nKEY=k\n', 'latin1');
    writeFileSync(path, latin);
    await expect(writeKeyToEnv({ key: 'k', name: 'KEY', path })).rejects.toThrow(/is not UTF-8 text/);
    expect(readFileSync(path)).toEqual(latin);
    expect(await readKeyFromEnv({ name: 'KEY', path })).toBe('k');
  });

  it('keeps what every one of many writers wrote', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `KEY_${index}`);
    await Promise.all(names.map((name) => writeKeyToEnv({ key: name.toLowerCase(), name, path })));
    for (const name of names) expect(await readKeyFromEnv({ name, path })).toBe(name.toLowerCase());
    expect(readdirSync(folder)).toEqual(['.env']);
  });

  it('takes over the lock of a process that is gone', async () => {
    writeFileSync(`${path}.lock`, '999999999');
    await writeKeyToEnv({ key: 'k', path });
    expect(await readKeyFromEnv({ path })).toBe('k');
  });

  it('keeps a value that is there when told not to replace', async () => {
    writeFileSync(path, 'KEY=old\nEMPTY=\n');
    expect(await writeKeyToEnv({ key: 'new', name: 'KEY', path, replace: false })).toBe(false);
    expect(await writeKeyToEnv({ key: 'new', name: 'EMPTY', path, replace: false })).toBe(true);
    expect(text()).toBe('KEY=old\nEMPTY=new\n');
  });

  it.each(['a\nb', 'a\rb', 'a\0b'])('refuses a value with a line end or NUL: %j', async (key) => {
    await expect(writeKeyToEnv({ key, path })).rejects.toThrow(/cannot hold/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a value that no quotes can hold, and leaves the file as it is', async () => {
    writeFileSync(path, 'CRYPTOGRAPHY_KEY=old\n');
    await expect(writeKeyToEnv({ key: `a # ' " \``, path })).rejects.toThrow(
      'cannot be written to a .env file',
    );
    expect(text()).toBe('CRYPTOGRAPHY_KEY=old\n');
  });

  it.each(['', '1A', 'A B', 'A=B', 'A\nB', '__proto__ '])('refuses %j as a name', async (name) => {
    await expect(writeKeyToEnv({ key: 'k', name, path })).rejects.toThrow('is no name');
    await expect(readKeyFromEnv({ name, path })).rejects.toThrow('is no name');
  });

  it('reads names of the prototype as absent', async () => {
    writeFileSync(path, 'A=1\n');
    expect(await readKeyFromEnv({ name: 'constructor', path })).toBeUndefined();
    expect(await readKeyFromEnv({ name: '__proto__', path })).toBeUndefined();
  });

  it('gives back every value that it takes, and keeps every other variable', async () => {
    const parse = getDefaultParser();
    const line = fc.oneof(
      fc.constantFrom(
        'A=1',
        'export B = "x y"',
        '# note',
        '',
        "C='1'",
        'D=`"`',
        'E="\n\n"',
        'KEY=old',
        '=',
        'F',
      ),
      fc.string({ maxLength: 12 }).map((value) => `G=${value.replaceAll(/[\r\n"'`]/g, '')}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 6 }), fc.string({ maxLength: 30 }), async (lines, key) => {
        const before = lines.join('\n');
        writeFileSync(path, before);
        try {
          await writeKeyToEnv({ key, name: 'KEY', path });
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          expect(text()).toBe(before);
          return;
        }
        const others = { ...(parse(Buffer.from(before)) as object), KEY: key };
        expect(parse(readFileSync(path))).toEqual(others);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a key', () => {
  it('is 32 random bytes as URL-safe base64 with padding', () => {
    const keys = Array.from({ length: 100 }, generateCryptographyKey);
    for (const key of keys) {
      expect(key).toMatch(/^[A-Za-z0-9_-]{43}=$/);
      expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    }
    expect(new Set(keys).size).toBe(keys.length);
  });
});
