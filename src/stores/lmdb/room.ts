import { statfsSync } from 'node:fs';

const RESERVE_BYTES = 8 * 1024 * 1024;
/** The reserve is never more than this part of the disk. */
const RESERVE_SHARE = 1 / 16;

/**
 * Whether the disk has room for new tokens. The last of it is kept for revocations and for sweeping, which need little.
 * It also keeps lmdb away from a fault of its own: when a write fails since the disk is full, lmdb 3.5.6 may write its
 * message beyond the memory that it took for it, which can end the process.
 */
export function hasRoom(folder: string): boolean {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return bavail * bsize >= Math.min(RESERVE_BYTES, blocks * bsize * RESERVE_SHARE);
  } catch {
    // Not known here; the write itself will tell.
    return true;
  }
}
