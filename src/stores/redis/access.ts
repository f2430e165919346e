import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { StoreUnavailableError } from '../../errors.js';
import { LateBackendPolicy } from '../late-backend-policy.js';
import { PendingCalls } from '../pending-calls.js';
import { StoreRefusal } from '../store-refusal.js';
import type { TrackedSessions } from '../tracked-sessions.js';
import { RedisClocks } from './clocks.js';
import { closeRedis, isCluster, redisConnection, type RedisConnection } from './connection.js';
import { evictionPolicy } from './eviction.js';
import { RedisFaults, unlessRefused } from './faults.js';
import { RedisFeed } from './feed.js';
import type { RedisKeys } from './keys.js';
import type { RedisSource } from './source.js';

interface OpenRedis {
  readonly connection: RedisConnection;
  readonly feed: RedisFeed;
  readonly faults: RedisFaults;
  readonly clocks: RedisClocks;
}

/** The way to Redis: connected and closed once, read and written within the time limit, its faults told as ours. */
export class RedisAccess {
  readonly #policy: LateBackendPolicy;
  readonly #writes = new PendingCalls();
  #open: OpenRedis | undefined;

  /** @param timeout of one operation, in seconds */
  constructor(
    private readonly source: RedisSource,
    private readonly timeout: number,
    private readonly keys: RedisKeys,
    private readonly sessions: TrackedSessions,
  ) {
    this.#policy = new LateBackendPolicy({ timeout });
  }

  /** The servers that are written to: those of a Cluster, or the one. @throws StoreUnavailableError it is not open */
  get masters(): readonly Redis[] {
    const { connection } = this.#opened();
    return isCluster(connection) ? connection.nodes('master') : [connection];
  }

  /** @throws ConfigError the package "ioredis" is not installed, or Redis refuses the login or the database */
  async open(): Promise<void> {
    if (this.#open) return;
    const connection = await redisConnection(this.source, this.timeout);
    const faults = new RedisFaults(connection);
    const feed = new RedisFeed(connection, this.keys, this.sessions, () => faults.isUsable);
    this.#open = { connection, feed, faults, clocks: new RedisClocks(connection) };
    feed.start();
    const logger = new Logger('Fastauth');
    const connected = await Promise.race([
      faults.explain(() => connection.connect()).catch((error: unknown) => error as Error),
      sleep(this.timeout * 1000, new Error('It did not answer within the time limit.'), { ref: false }),
    ]);
    const { refusal } = faults;
    if (refusal !== undefined) {
      await this.close();
      throw new StoreRefusal([`database-url: ${refusal}`]);
    }
    if (connected instanceof Error) {
      logger.warn(`No connection to Redis yet; it is tried until there is one. ${connected.message}`);
      return;
    }
    // An access list may forbid to ask.
    const policy = await this.read(() => evictionPolicy(this.masters)).catch(() => undefined);
    if (policy !== undefined) {
      logger.warn(
        `Redis drops sessions when its memory is full (maxmemory-policy ${policy}): clients have to log in again, ` +
          'and "revoke all of this client" may miss sessions. Set maxmemory-policy noeviction.',
      );
    }
  }

  async close(): Promise<void> {
    await this.#writes.settle();
    const open = this.#open;
    this.#open = undefined;
    open?.feed.stop();
    if (open) closeRedis(open.connection);
  }

  async read<T>(call: (redis: RedisConnection) => Promise<T>): Promise<T> {
    const { connection, faults } = this.#opened();
    return unlessRefused(await this.#policy.read(() => faults.explain(() => call(connection))));
  }

  /**
   * @param key of what is written: the server that has it knows by its clock when it is too late
   * @param call sends one script, with its deadline by that clock
   */
  async write<T>(key: string, call: (redis: RedisConnection, deadline: number) => Promise<T>): Promise<T> {
    const { connection, faults, clocks } = this.#opened();
    const write = this.#policy.write((limit) =>
      faults.explain(() => clocks.inTime(key, limit, (until) => call(connection, until))),
    );
    return unlessRefused(await this.#writes.add(write));
  }

  #opened() {
    if (this.#open === undefined) throw new StoreUnavailableError('The token store in Redis is not open.');
    return this.#open;
  }
}
