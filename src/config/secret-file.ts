import type { BigIntStats, Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import {
  FileFault,
  MAX_LENGTH,
  READ_ONLY,
  readBoundedFileSync,
  readingFault,
  within,
} from '../files/bounded-file.js';

/** Bits of a file's mode that would let others read or write it, or its group write it. */
const OPEN_TO_OTHERS = 0o027;

/**
 * Reads a file that holds secrets, if it is a regular file, its owner's alone, and no longer than 1 MiB. A FIFO or a
 * device is not opened, since that may wait for ever.
 * @throws Error the end of a sentence about the file
 */
export async function readSecretFile(path: string): Promise<Buffer> {
  try {
    assertFit(await stat(path));
    const file = await open(path, READ_ONLY);
    try {
      assertFit(await file.stat());
      const bytes = Buffer.alloc(MAX_LENGTH + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        ({ bytesRead: read } = await file.read(bytes, length, bytes.length - length, length));
      }
      return within(bytes, length);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw told(error);
  }
}

/** As {@link readSecretFile}, and blocks the thread. */
export function readSecretFileSync(path: string): Buffer {
  try {
    return readBoundedFileSync(path, assertFit);
  } catch (error) {
    throw told(error);
  }
}

/** How a file is open to others than its owner, as the end of a sentence. */
export function openModeFault(mode: number): string | undefined {
  if (process.platform === 'win32' || (mode & OPEN_TO_OTHERS) === 0) return undefined;
  return `is open to others than its owner (mode ${(mode & 0o777).toString(8)}); run "chmod 600" on it`;
}

function assertFit(state: Stats | BigIntStats): void {
  if (!state.isFile()) throw new FileFault('is not a regular file');
  const fault = openModeFault(Number(state.mode));
  if (fault !== undefined) throw new FileFault(fault);
  if (state.size > MAX_LENGTH) throw new FileFault('is longer than 1 MiB');
}

function told(error: unknown): Error {
  return error instanceof FileFault ? error : new FileFault(readingFault(error), { cause: error });
}
