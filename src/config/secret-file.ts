import { statSync } from 'node:fs';

/** Bits of a file's mode that would let others read or write it, or its group write it. */
const OPEN_TO_OTHERS = 0o027;

/** Why a file cannot be read as one that holds secrets, as the end of a sentence; undefined if nothing speaks against it. */
export function secretFileFault(path: string): string | undefined {
  try {
    const { mode } = statSync(path);
    return process.platform === 'win32' ? undefined : secretModeFault(mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
  }
}

/** As {@link secretFileFault}, of a file's mode alone. */
export function secretModeFault(mode: number): string | undefined {
  return mode & OPEN_TO_OTHERS
    ? `is open to others than its owner (mode ${(mode & 0o777).toString(8)}); run "chmod 600" on it`
    : undefined;
}
