import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';

const apps: { url: string; appName: string }[] = [];

/** A name of the test's own, so that specs on one Redis do not meet. */
export function redisAppName(url: string): string {
  const appName = `test-${randomUUID()}`;
  apps.push({ url, appName });
  return appName;
}

/** Drops all that was stored under the names given out. */
export async function removeRedisApps(): Promise<void> {
  for (const { url, appName } of apps.splice(0)) {
    const redis = new Redis(url);
    for await (const keys of redis.scanStream({ match: `${appName}:*`, count: 1000 })) {
      if ((keys as string[]).length > 0) await redis.del(...(keys as string[]));
    }
    redis.disconnect();
  }
}
