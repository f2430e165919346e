import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { OwnDatabase } from './sql-databases.js';

/** All bytes of a folder's files. */
export async function dumpOfFolder(folder: string): Promise<Buffer> {
  return Buffer.concat(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => readFileSync(join(folder, name))),
  );
}

/** All that Redis holds under an application's name. */
export async function dumpOfRedis(url: string, appName: string): Promise<Buffer> {
  const redis = new Redis(url);
  const keys = await redis.keys(`${appName}:*`);
  // Not DUMP, which compresses: that would hide what is looked for.
  const values = await Promise.all(
    keys.map(async (key) =>
      (await redis.type(key)) === 'string'
        ? [Buffer.from(key), (await redis.getBuffer(key)) ?? Buffer.alloc(0)]
        : [Buffer.from(key), ...(await redis.zrangeBuffer(key, '0', '-1'))],
    ),
  );
  redis.disconnect();
  return Buffer.concat(values.flat());
}

/** All that the store's tables hold. */
export async function dumpOfDatabase(database: OwnDatabase): Promise<Buffer> {
  const tables = ['fastauth_sessions', 'fastauth_removals'];
  const rows = await Promise.all(tables.map((table) => database.query(`select * from ${table}`)));
  const values = rows.flat().flatMap((row) => Object.values(row));
  return Buffer.concat(values.map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))));
}
