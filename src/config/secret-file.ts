import { constants, type BigIntStats, type Stats } from 'node:fs';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';

/** Bits of a file's mode that would let others read or write it, or its group write it. */
const OPEN_TO_OTHERS = 0o027;
/** What such a file must not exceed, in bytes: thousands of keys are a mistake. */
const MAX_LENGTH = 1024 * 1024;
/** What takes the place of the file between the look and the opening is not waited for either. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

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
    assertFit(statSync(path));
    const file = openSync(path, READ_ONLY);
    try {
      assertFit(fstatSync(file));
      const bytes = Buffer.alloc(MAX_LENGTH + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, length);
      }
      return within(bytes, length);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw told(error);
  }
}

/** How a file is open to others than its owner, as the end of a sentence. */
export function openModeFault(mode: number): string | undefined {
  if (process.platform === 'win32' || (mode & OPEN_TO_OTHERS) === 0) return undefined;
  return `is open to others than its owner (mode ${(mode & 0o777).toString(8)}); run "chmod 600" on it`;
}

class SecretFileFault extends Error {}

function assertFit(state: Stats | BigIntStats): void {
  if (!state.isFile()) throw new SecretFileFault('is not a regular file');
  const fault = openModeFault(Number(state.mode));
  if (fault !== undefined) throw new SecretFileFault(fault);
  if (state.size > MAX_LENGTH) throw new SecretFileFault('is longer than 1 MiB');
}

function within(bytes: Buffer, length: number): Buffer {
  if (length > MAX_LENGTH) throw new SecretFileFault('is longer than 1 MiB');
  return bytes.subarray(0, length);
}

function told(error: unknown): Error {
  if (error instanceof SecretFileFault) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new SecretFileFault(code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`, {
    cause: error,
  });
}
