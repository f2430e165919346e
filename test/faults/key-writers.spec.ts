import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { JsonChild } from '../support/child-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const WRITERS = 6;
const WRITES = 40;

/** A process that writes keys of its own to the file one after the other, and says which one is there. */
function startWriter(path: string, name: string): JsonChild {
  const program = `
    const { writeKeyToEnv } = await import(${JSON.stringify(pathToFileURL(resolve('build/files/env-file.js')).href)});
    for (let write = 0; write < ${WRITES}; write++) {
      const name = '${name}_' + write;
      await writeKeyToEnv({ path: ${JSON.stringify(path)}, name, key: 'k'.repeat(43) });
      console.log(JSON.stringify(name));
    }`;
  return new JsonChild(process.execPath, ['--input-type=module', '--eval', program]);
}

async function acknowledgedBy(writer: JsonChild): Promise<readonly string[]> {
  const names: string[] = [];
  for (let name = await writer.next<string>(); name !== undefined; name = await writer.next<string>())
    names.push(name);
  return names;
}

describe('a file of keys', () => {
  afterAll(removeTemporaryFolders);

  it('holds every write that was acknowledged, by processes of which some are killed while they write', async () => {
    const folder = temporaryFolder();
    const path = join(folder, '.env');
    const writers = Array.from({ length: WRITERS }, (_, index) => startWriter(path, `STAYS_${index}`));
    const all = writers.map(acknowledgedBy);
    const isDone = Promise.all(all).then(() => true);
    const killed: string[] = [];
    for (let victim = 0; !(await Promise.race([isDone, sleep(0)])); victim++) {
      const child = startWriter(path, `KILLED_${victim}`);
      const names = acknowledgedBy(child);
      await sleep(150 + (victim % 5) * 37);
      await child.kill();
      killed.push(...(await names));
    }
    const stayed = (await Promise.all(all)).flat();
    expect(stayed).toHaveLength(WRITERS * WRITES);
    const text = readFileSync(path, 'utf8');
    expect([...stayed, ...killed].filter((name) => !text.includes(`${name}=`))).toEqual([]);
    // What the last one killed may have left goes with the next write.
    expect(readdirSync(folder).length).toBeLessThanOrEqual(2);
  }, 120_000);
});
