import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { open } from 'lmdb';
import { bytesAt } from './bytes.js';

it('what is under a key ends where it ends, for methods without an end, too', async () => {
  const path = mkdtempSync(join(tmpdir(), 'fastauth-'));
  const database = open<Buffer, Buffer>({ path, encoding: 'binary', keyEncoding: 'binary' });
  const key = Buffer.from('key');
  await database.put(key, Buffer.from('value'));
  const bytes = bytesAt(database, key);
  expect(bytes?.byteLength).toBe(5);
  expect(bytes?.subarray(1).toString()).toBe('alue');
  expect(bytes?.toString('utf8', 1)).toBe('alue');
  expect(bytesAt(database, Buffer.from('none'))).toBeUndefined();
  await database.close();
  rmSync(path, { recursive: true });
});
