import { randomFillSync } from 'node:crypto';

/** As many at a time as one call costs the same for as for sixteen. */
const POOL_BYTES = 4096;

const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Bytes of the system's generator, fetched many at a time, since asking costs more than the bytes do.
 * Each is handed out once, and is not kept.
 * @param length at most 4096
 */
export function randomBytes(length: number): Buffer {
  if (used + length > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + length));
  pool.fill(0, used, used + length);
  used += length;
  return bytes;
}
