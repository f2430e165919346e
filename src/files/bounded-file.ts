import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';

/** What a file that is read here must not exceed, in bytes: more is a mistake. */
export const MAX_LENGTH = 1024 * 1024;
/** What takes the place of the file between the look and the opening is not waited for either. */
export const READ_ONLY = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Its message is the end of a sentence about the file. */
export class FileFault extends Error {}

/**
 * Reads a file of at most 1 MiB, and blocks the thread. A FIFO is not opened, since that may wait for ever.
 * @param assertFit throws for what is not to be read
 * @throws FileFault, or what the file system says
 */
export function readBoundedFileSync(
  path: string,
  assertFit: (state: Stats | BigIntStats) => void = assertNoFifo,
): Buffer {
  assertFit(statSync(path));
  const file = openSync(path, READ_ONLY);
  try {
    assertFit(fstatSync(file));
    const bytes = Buffer.alloc(MAX_LENGTH + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null);
    }
    return within(bytes, length);
  } finally {
    closeSync(file);
  }
}

/** What was read, if it is not too long. */
export function within(bytes: Buffer, length: number): Buffer {
  if (length > MAX_LENGTH) throw new FileFault('is longer than 1 MiB');
  return bytes.subarray(0, length);
}

/** The end of a sentence that says why a file was not read. */
export function readingFault(error: unknown): string {
  if (error instanceof FileFault) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
}

function assertNoFifo(state: Stats | BigIntStats): void {
  if (state.isFIFO())
    throw new FileFault('is a FIFO, whose reader may wait for ever; put a regular file there');
}
