import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { importOptional } from '../../config/optional-package.js';
import { ConfigError } from '../../errors.js';
import { REDIS_SCRIPTS } from './scripts.js';
import type { RedisClientLike, RedisSource } from './source.js';

/** A connection with our scripts as commands; they take and answer bytes. */
export type RedisConnection = (Redis | Cluster) & {
  readonly [Name in keyof typeof REDIS_SCRIPTS as `${Name}Buffer`]: (
    ...args: readonly (string | number | Buffer)[]
  ) => Promise<unknown>;
};

const MAX_RETRY_DELAY_MS = 1000;

/** Makes a connection; it is not opened yet. @throws ConfigError ioredis is not installed, or it is no client */
export async function redisConnection(source: RedisSource, timeout: number): Promise<RedisConnection> {
  const client = 'url' in source ? await byUrl(source.url, timeout) : ownOf(source.client, timeout);
  // Without a listener an error would end the process. What fails is known from the calls.
  client.on('error', (error) => {
    // ioredis would go on with database 0.
    if (isRefusedDatabase(error) && !isCluster(client)) client.disconnect(true);
  });
  // ioredis gives up when it hears of a failover just while it asks a Sentinel; only closeRedis() may end this one.
  client.on('end', () => {
    const reconnect = (): void => void client.connect().catch(() => undefined);
    setTimeout(reconnect, MAX_RETRY_DELAY_MS).unref();
  });
  for (const [name, script] of Object.entries(REDIS_SCRIPTS)) client.defineCommand(name, script);
  return client as RedisConnection;
}

/** Whether the server does not have the database that was asked for. */
export function isRefusedDatabase(error: unknown): boolean {
  const { name, command } = error as { name?: unknown; command?: { name?: unknown } };
  return name === 'ReplyError' && command?.name === 'select';
}

/**
 * What the application puts before all of its keys. It is put there by the names of our keys, since ioredis adds it to
 * commands alone, and not to what is tracked or looked through.
 * @throws ConfigError one that would scatter a client's keys over a Cluster
 */
export function keyPrefixOf(source: RedisSource): string {
  if ('url' in source) {
    return URL.canParse(source.url) ? (new URL(source.url).searchParams.get('keyPrefix') ?? '') : '';
  }
  const { keyPrefix } = source.client.options as { keyPrefix?: unknown };
  const prefix = typeof keyPrefix === 'string' ? keyPrefix : '';
  const isCluster = (source.client as { isCluster?: unknown }).isCluster === true;
  if (isCluster && prefix.includes('{') && !/^[^{]*\{[^}]+\}/.test(prefix)) {
    throw new ConfigError([
      `RedisTokenStore: the client's keyPrefix ${JSON.stringify(prefix)} has a brace that is no hash tag; ` +
        'write "{tag}", or none',
    ]);
  }
  return prefix;
}

/** Ends a connection for good. */
export function closeRedis(connection: RedisConnection): void {
  connection.removeAllListeners('end');
  connection.disconnect();
}

export function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}

/** How long to wait before the next attempt to connect, in milliseconds. */
export function redisRetryDelay(attempt: number): number {
  return Math.min(25 * 2 ** attempt, MAX_RETRY_DELAY_MS);
}

async function byUrl(url: string, timeout: number): Promise<Redis> {
  const { Redis } = await importOptional(() => import('ioredis'), 'ioredis');
  return new Redis(url, { ...limits(timeout), retryStrategy: redisRetryDelay });
}

function ownOf(client: RedisClientLike, timeout: number): Redis | Cluster {
  if (typeof client.duplicate !== 'function') {
    throw new ConfigError(['RedisTokenStore: client is no client of the package "ioredis"']);
  }
  const given = client as Redis | Cluster;
  if (!isCluster(given)) {
    return given.duplicate({
      ...limits(timeout),
      ...sentinelLimits(timeout),
      retryStrategy: redisRetryDelay,
    });
  }
  return given.duplicate([], {
    lazyConnect: true,
    enableOfflineQueue: false,
    // A replica may not have what was acknowledged.
    scaleReads: 'master',
    slotsRefreshInterval: 5000,
    clusterRetryStrategy: redisRetryDelay,
    keyPrefix: '',
    redisOptions: limits(timeout),
  });
}

/**
 * A call fails at once without a connection, and is never sent twice or late: the caller was told 503 by then.
 * (ioredis' Cluster keeps calls to a lost master in a queue of its own all the same, and sends them after the failover.)
 */
function limits(timeout: number) {
  const milliseconds = timeout * 1000;
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: milliseconds,
    // A connection that takes calls and answers none is replaced.
    socketTimeout: milliseconds,
    commandTimeout: undefined,
    keyPrefix: '',
    stringNumbers: false,
    // After a failover the old primary, a replica now, may still be connected.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
}

/** Without effect where there are no Sentinels. */
function sentinelLimits(timeout: number) {
  return {
    role: 'master',
    // A Sentinel that takes calls and answers none is passed over.
    sentinelCommandTimeout: timeout * 1000,
    // A primary that was given up may still take writes, which are lost: it is left as soon as Sentinels say so.
    failoverDetector: true,
    sentinelReconnectStrategy: redisRetryDelay,
    sentinelRetryStrategy: redisRetryDelay,
  } satisfies RedisOptions;
}
