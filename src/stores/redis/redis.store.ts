import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { StoreUnavailableError } from '../../errors.js';
import { oldestFirst } from '../../sessions/live-sessions.js';
import type { SessionKey, SessionRecord, SessionTokens, TokenPair } from '../../sessions/session-record.js';
import {
  TokenStore,
  type FindOptions,
  type KeyUse,
  type MaybePromise,
  type RevokeFilter,
  type SessionWatcher,
} from '../../sessions/token-store.js';
import { BackendPolicy } from '../backend-policy.js';
import { StoreRefusal } from '../store-refusal.js';
import { TrackedSessions } from '../tracked-sessions.js';
import { RedisClocks } from './clocks.js';
import { closeRedis, isCluster, keyPrefixOf, redisConnection, type RedisConnection } from './connection.js';
import { evictionPolicy } from './eviction.js';
import { RedisFaults, unlessRefused } from './faults.js';
import { RedisFeed } from './feed.js';
import { redisKeyUse } from './key-use.js';
import { decodeFamily, encodeFamily, RedisKeys, type RedisClientKeys } from './keys.js';
import type { RedisClientLike, RedisSource } from './source.js';
import {
  freshSessionOf,
  redisLabel,
  redisLifetime,
  redisRevocation,
  redisValueOf,
  redisVersion,
  sessionOfRedisValue,
} from './value.js';

export type { RedisClientLike, RedisSource };

/** Options of {@link RedisTokenStore}: where Redis is (`url` or `client`), and these. */
export type RedisTokenStoreOptions = RedisSource & {
  /** Whose sessions: several applications may share one Redis. Default: `fastauth`, as `app-name`. */
  readonly appName?: string | undefined;
  /** Time limit of one operation in seconds. Default: 1. */
  readonly timeout?: number | undefined;
  /** How many sessions are kept in memory while Redis tells of changes; 0: none. Default: 10 000. */
  readonly trackedCacheSize?: number | undefined;
};

/** In no encoded family. */
const NO_FAMILY = ':';

/**
 * Keeps sessions in Redis 6 or newer, or what speaks like it. Each write is one script; sessions leave by themselves
 * at their end. Sessions in use are answered from memory: Redis tells of each change (typically within a
 * millisecond), and if it cannot, for two seconds at most.
 *
 * @example
 * FastauthModule.forRoot({ store: new RedisTokenStore({ client: new Cluster([{ host: 'redis-1' }]) }) });
 */
export class RedisTokenStore extends TokenStore {
  readonly #source: RedisSource;
  readonly #timeout: number;
  readonly #policy: BackendPolicy;
  readonly #keys: RedisKeys;
  readonly #sessions: TrackedSessions;
  readonly #writes = new Set<Promise<unknown>>();
  #open: OpenRedis | undefined;

  constructor(options: RedisTokenStoreOptions) {
    super();
    const { appName = 'fastauth', timeout = 1, trackedCacheSize = 10_000, ...source } = options;
    this.#source = source;
    this.#timeout = timeout;
    this.#policy = new BackendPolicy({ timeout });
    this.#keys = new RedisKeys(appName, keyPrefixOf(this.#source));
    this.#sessions = new TrackedSessions({
      size: trackedCacheSize,
      load: (key, fresh) => this.#load(key, fresh),
    });
  }

  /** @throws ConfigError the package "ioredis" is not installed, or Redis refuses the login or the database */
  async open(): Promise<void> {
    if (this.#open) return;
    const connection = await redisConnection(this.#source, this.#timeout);
    const faults = new RedisFaults(connection);
    const feed = new RedisFeed(connection, this.#keys, this.#sessions, () => faults.isUsable);
    this.#open = { connection, feed, faults, clocks: new RedisClocks(connection) };
    feed.start();
    const logger = new Logger('Fastauth');
    const connected = await Promise.race([
      faults.explain(() => connection.connect()).catch((error: unknown) => error as Error),
      sleep(this.#timeout * 1000, new Error('It did not answer within the time limit.'), { ref: false }),
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
    const policy = await this.#read(() => evictionPolicy(mastersOf(connection))).catch(() => undefined);
    if (policy !== undefined) {
      logger.warn(
        `Redis drops sessions when its memory is full (maxmemory-policy ${policy}): clients have to log in again, ` +
          'and "revoke all of this client" may miss sessions. Set maxmemory-policy noeviction.',
      );
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#writes);
    const open = this.#open;
    this.#open = undefined;
    open?.feed.stop();
    if (open) closeRedis(open.connection);
  }

  find(key: SessionKey, options?: FindOptions): MaybePromise<SessionRecord | undefined> {
    return this.#sessions.find(key, options);
  }

  async insert(
    record: SessionRecord,
    _tokens: SessionTokens,
    sessionsPerClient: number,
  ): Promise<readonly SessionRecord[]> {
    const { clientId } = record;
    const at = this.#storable(record);
    const removed = await this.#write(at, (redis, deadline) =>
      redis.fastauthInsertBuffer(
        ...sessionArguments(at, record),
        sessionsPerClient === Infinity ? 0 : Math.max(1, sessionsPerClient),
        at.sessions,
        deadline,
      ),
    );
    this.#sessions.forget(record);
    const sessions = sessionsOf(removed, clientId);
    for (const session of sessions) this.#sessions.changed(session);
    return sessions;
  }

  async rotate(record: SessionRecord, _pair: TokenPair): Promise<boolean> {
    const { generation, previousRefreshHash } = record;
    if (generation < 1 || previousRefreshHash === undefined) return false;
    const at = this.#storable(record);
    const rotated = await this.#write(at, (redis, deadline) =>
      redis.fastauthRotateBuffer(
        ...sessionArguments(at, record),
        redisVersion(generation - 1, previousRefreshHash),
        deadline,
      ),
    );
    return this.#told(record, rotated === 1);
  }

  async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    const at = this.#locate(key);
    if (at === undefined) return false;
    const labelled = await this.#write(at, (redis, deadline) =>
      redis.fastauthLabelBuffer(at.session, redisLabel(label), deadline),
    );
    this.#sessions.forget(key);
    return labelled === 1;
  }

  async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    const at = this.#locate(key);
    if (at === undefined) return false;
    const revoked = await this.#write(at, (redis, deadline) =>
      redis.fastauthRevokeBuffer(at.index, redisRevocation(revokedAt), at.sessions, at.family, deadline),
    );
    return this.#told(key, revoked === 1);
  }

  async revokeClient(
    clientId: string,
    revokedAt: number,
    { exceptFamilyId, issuedBefore }: RevokeFilter = {},
  ): Promise<readonly string[]> {
    const at = this.#keys.ofClient(clientId);
    if (at === undefined) return [];
    const families = await this.#write(at, (redis, deadline) =>
      redis.fastauthRevokeClientBuffer(
        at.index,
        redisRevocation(revokedAt),
        at.sessions,
        (exceptFamilyId !== undefined && encodeFamily(exceptFamilyId)) || NO_FAMILY,
        issuedBefore === undefined ? '+inf' : `(${issuedBefore}`,
        deadline,
      ),
    );
    const revoked = (families as Buffer[]).map((family) => decodeFamily(String(family)));
    for (const familyId of revoked) this.#sessions.changed({ clientId, familyId });
    return revoked;
  }

  async list(clientId: string): Promise<readonly SessionRecord[]> {
    const at = this.#keys.ofClient(clientId);
    if (at === undefined) return [];
    const answer = await this.#read((redis) => redis.fastauthListBuffer(at.index, at.sessions));
    return sessionsOf(answer, clientId).sort(oldestFirst);
  }

  /** Nothing to do: Redis drops each session at its end, by its own clock. */
  async sweep(_now: number, _limit: number): Promise<number> {
    return 0;
  }

  async keyUse(now: number): Promise<readonly KeyUse[]> {
    const { connection } = this.#opened();
    return redisKeyUse(mastersOf(connection), this.#keys, now, (call) => this.#read(call));
  }

  watch(watcher: SessionWatcher): () => void {
    return this.#sessions.watch(watcher);
  }

  async ping(): Promise<void> {
    await this.#read((redis) => redis.ping());
  }

  async #load(key: SessionKey, fresh: boolean): Promise<SessionRecord | undefined> {
    const at = this.#locate(key);
    if (at === undefined) return undefined;
    if (fresh) {
      const answer = await this.#read((redis) => redis.fastauthFindBuffer(at.session));
      return answer === null ? undefined : freshSessionOf(answer, key.clientId, at.familyId);
    }
    const value = await this.#read((redis) => redis.getBuffer(at.session));
    return value === null ? undefined : sessionOfRedisValue(value, key.clientId, at.familyId);
  }

  /** The cache is not to be believed after a lost race either: somebody else has written. */
  #told(key: SessionKey, hasChanged: boolean): boolean {
    if (hasChanged) this.#sessions.changed(key);
    else this.#sessions.forget(key);
    return hasChanged;
  }

  async #read<T>(call: (redis: RedisConnection) => Promise<T>): Promise<T> {
    const { connection, faults } = this.#opened();
    return unlessRefused(await this.#policy.read(() => faults.explain(() => call(connection))));
  }

  /**
   * @param at whose write: the server that has its keys knows by its clock when it is too late
   * @param call sends one script, with its deadline by that clock
   */
  async #write<T>(
    at: RedisClientKeys,
    call: (redis: RedisConnection, deadline: number) => Promise<T>,
  ): Promise<T> {
    const { connection, faults, clocks } = this.#opened();
    const write = this.#policy.write((signal, deadline) =>
      faults.explain(() => clocks.inTime(at.index, deadline, signal, (until) => call(connection, until))),
    );
    this.#writes.add(write);
    try {
      return unlessRefused(await write);
    } finally {
      this.#writes.delete(write);
    }
  }

  #opened() {
    if (this.#open === undefined) throw new StoreUnavailableError('The token store in Redis is not open.');
    return this.#open;
  }

  #locate({ clientId, familyId }: SessionKey): SessionPlace | undefined {
    const at = this.#keys.ofClient(clientId);
    const family = familyId === undefined ? undefined : encodeFamily(familyId);
    if (at === undefined || familyId === undefined || family === undefined) return undefined;
    return { ...at, familyId, family, session: at.sessions + family };
  }

  /** @throws RangeError for identifiers that cannot be stored exactly; the token endpoints refuse them before */
  #storable(record: SessionRecord): SessionPlace {
    const at = this.#locate(record);
    if (at === undefined) throw new RangeError('The client identifier is empty or not well-formed Unicode.');
    return at;
  }
}

interface OpenRedis {
  readonly connection: RedisConnection;
  readonly feed: RedisFeed;
  readonly faults: RedisFaults;
  readonly clocks: RedisClocks;
}

interface SessionPlace extends RedisClientKeys {
  readonly familyId: string;
  /** The family as in the index. */
  readonly family: string;
  /** The session's key. */
  readonly session: string;
}

/** What the scripts that put a session are told first. */
function sessionArguments(at: SessionPlace, record: SessionRecord) {
  const { index, session, family } = at;
  return [index, session, redisValueOf(record), redisLifetime(record), record.createdAt, family] as const;
}

function mastersOf(connection: RedisConnection): readonly Redis[] {
  return isCluster(connection) ? connection.nodes('master') : [connection];
}

/** Families and values by turns, as the scripts answer them. */
function sessionsOf(answer: unknown, clientId: string): SessionRecord[] {
  const parts = answer as Buffer[];
  return Array.from({ length: parts.length / 2 }, (_, n) =>
    sessionOfRedisValue(parts[2 * n + 1] as Buffer, clientId, decodeFamily(String(parts[2 * n] as Buffer))),
  );
}
