import { readlink, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rivals, WriteClaim } from './write-claim.js';

/** How long others may keep a file from being written, in milliseconds. */
const PATIENCE_MS = 20_000;
/** Between looks, at random, so that those who wait do not look all at once. */
const PAUSE_MS = { least: 2, most: 20 } as const;

/**
 * Replaces a file at once or not at all, also under SIGKILL, by a text that is made of what is there; its owner alone
 * can read it (mode 600). Writers in any process, of this machine or another, come one after the other: none writes
 * over what another wrote since it read. A link is followed, so that what it points to is replaced.
 * @param text reads the file and makes its new text, or undefined where it shall stay; it may be asked again
 * @returns whether it was written
 * @throws Error after 20 seconds of waiting for others
 */
export async function replaceFile(path: string, text: () => Promise<string | undefined>): Promise<boolean> {
  const target = await targetOf(path);
  const rivals = new Rivals(target);
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
    const claim = await WriteClaim.make(target, rivals);
    if (!claim) {
      await sleep(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least));
      continue;
    }
    try {
      const made = await text();
      if (made === undefined) return false;
      if (await claim.put(made)) return true;
    } finally {
      await claim.end();
    }
  }
  throw new Error(`Other processes keep ${path} from being written; try again`);
}

async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const link = await readlink(path).catch(() => undefined);
    return link === undefined ? resolve(path) : targetOf(resolve(dirname(path), link));
  }
}
