import { spawnSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Stopwatch } from '../../test/support/stopwatch.js';
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js';
import { pidSpace } from './pid-space.js';
import { replaceFile } from './replace-file.js';

describe('replaceFile', () => {
  let path: string;
  const names = (): string[] => readdirSync(dirname(path));
  const read = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const append = (text: string) => async (): Promise<string> => read() + text;
  const deadPid = (): number => spawnSync('true').pid;
  const claim = (pid: number, space = pidSpace() ?? 'unknown'): string => {
    const file = `${path}.lock-${pid}-${space}-${randomUUID()}`;
    writeFileSync(file, 'half of a te');
    return file;
  };
  beforeEach(() => {
    path = join(temporaryFolder(), '.env');
  });
  afterAll(removeTemporaryFolders);

  it('lets writers of one process come one after the other, and leaves nothing but the file', async () => {
    const letters = [...'abcdefghijklmnop'];
    expect(await Promise.all(letters.map((letter) => replaceFile(path, append(letter))))).toEqual(
      letters.map(() => true),
    );
    expect([...read()].sort()).toEqual(letters);
    expect(names()).toEqual(['.env']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves the file where its text stays, or cannot be made', async () => {
    await replaceFile(path, append('a'));
    expect(await replaceFile(path, async () => undefined)).toBe(false);
    await expect(replaceFile(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect([read(), names()]).toEqual(['a', ['.env']]);
  });

  it('follows a link to where it points, though nothing is there yet', async () => {
    const target = join(temporaryFolder(), 'target');
    symlinkSync(target, path);
    await replaceFile(path, async () => 'a');
    expect(readFileSync(target, 'utf8')).toBe('a');
  });

  it('removes at once what processes have left that are gone', async () => {
    claim(deadPid());
    writeFileSync(`${path}.lock`, String(deadPid()));
    const begun = new Stopwatch();
    await replaceFile(path, append('a'));
    expect(begun.ms).toBeLessThan(3000);
    expect([read(), names()]).toEqual(['a', ['.env']]);
  });

  it('waits for a claim of another container while it shows to be alive, and no longer', async () => {
    const other = claim(deadPid(), '0123abcd');
    let beats = 0;
    const beat = setInterval(() => {
      utimesSync(other, ++beats, beats);
      if (beats === 3) clearInterval(beat);
    }, 400);
    await replaceFile(path, async () => `after ${beats} beats`);
    expect([read(), names()]).toEqual(['after 3 beats', ['.env']]);
  });

  it('writes over nothing after its claim was taken for left behind, and does its work again', async () => {
    let asked = 0;
    const late = replaceFile(path, async () => {
      const before = read();
      if (asked++ === 0) {
        // Another writer that believes this one to be dead.
        for (const name of names().filter((entry) => entry.includes('.lock-')))
          rmSync(join(dirname(path), name));
        await replaceFile(path, append('other '));
      }
      return `${before}late `;
    });
    expect(await late).toBe(true);
    expect([read(), asked]).toEqual(['other late ', 2]);
  });
});
