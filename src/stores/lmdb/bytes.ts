import type { Database } from 'lmdb';

/**
 * What is under a key, good until the next read. lmdb reads all values into one buffer and sets its `length`, by which
 * the methods of Node.js 24's buffers do not go; a view of it has the right one.
 */
export function bytesAt(database: Database<Buffer, Buffer>, key: Buffer): Buffer | undefined {
  const shared = database.getBinaryFast(key);
  return shared?.subarray(0, shared.length);
}
