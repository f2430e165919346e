import { oldestFirst } from '../../sessions/live-sessions.js';
import type { SessionKey, SessionRecord, SessionTokens, TokenPair } from '../../sessions/session-record.js';
import type { ClientKeepingStore, ClientStore } from '../../sessions/client-store.js';
import {
  TokenStore,
  type FindOptions,
  type KeyUse,
  type ListAllOptions,
  type SessionPage,
  type SessionUse,
  type MaybePromise,
  type RevokeFilter,
  type SessionWatcher,
} from '../../sessions/token-store.js';
import { TrackedSessions } from '../tracked-sessions.js';
import { RedisAccess } from './access.js';
import { RedisClientStore } from './clients.js';
import { keyPrefixOf } from './connection.js';
import { redisKeyUse } from './key-use.js';
import { redisListPart, withUse } from './listing.js';
import { decodeFamily, encodeFamily, RedisKeys, type RedisClientKeys } from './keys.js';
import type { RedisClientLike, RedisSource } from './source.js';
import {
  freshSessionOf,
  redisLabel,
  redisLifetime,
  redisRevocation,
  redisTimeLeft,
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
export class RedisTokenStore extends TokenStore implements ClientKeepingStore {
  readonly clients: ClientStore;
  readonly #access: RedisAccess;
  readonly #keys: RedisKeys;
  readonly #sessions: TrackedSessions;

  constructor(options: RedisTokenStoreOptions) {
    super();
    const { appName = 'fastauth', timeout = 1, trackedCacheSize = 10_000, ...source } = options;
    this.#keys = new RedisKeys(appName, keyPrefixOf(source));
    this.#sessions = new TrackedSessions({
      size: trackedCacheSize,
      load: (key, fresh) => this.#load(key, fresh),
    });
    const access = new RedisAccess(source, timeout, this.#keys, this.#sessions);
    this.#access = access;
    this.clients = new RedisClientStore(this.#keys, {
      read: (call) => access.read(call),
      write: (key, call) => access.write(key, call),
    });
  }

  /** @throws ConfigError the package "ioredis" is not installed, or Redis refuses the login or the database */
  open(): Promise<void> {
    return this.#access.open();
  }

  close(): Promise<void> {
    return this.#access.close();
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
    const removed = await this.#access.write(at.index, (redis, deadline) =>
      redis.fastauthInsertBuffer(
        ...allKeys(at),
        ...valueArguments(at, record),
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
    const rotated = await this.#access.write(at.index, (redis, deadline) =>
      redis.fastauthRotateBuffer(
        at.index,
        at.session,
        ...valueArguments(at, record),
        redisVersion(generation - 1, previousRefreshHash),
        deadline,
      ),
    );
    return this.#told(record, rotated === 1);
  }

  async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    const at = this.#locate(key);
    if (at === undefined) return false;
    const labelled = await this.#access.write(at.index, (redis, deadline) =>
      redis.fastauthLabelBuffer(at.session, redisLabel(label), deadline),
    );
    this.#sessions.forget(key);
    return labelled === 1;
  }

  async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    const at = this.#locate(key);
    if (at === undefined) return false;
    const revoked = await this.#access.write(at.index, (redis, deadline) =>
      redis.fastauthRevokeBuffer(
        at.index,
        at.grants,
        at.grantEnds,
        redisRevocation(revokedAt),
        at.sessions,
        at.family,
        deadline,
      ),
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
    const families = await this.#access.write(at.index, (redis, deadline) =>
      redis.fastauthRevokeClientBuffer(
        at.index,
        at.grants,
        at.grantEnds,
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
    const answer = await this.#access.read((redis) => redis.fastauthListBuffer(at.index, at.sessions));
    const sessions = sessionsOf(answer, clientId).sort(oldestFirst);
    if (sessions.length === 0) return [];
    const names = sessions.map(({ familyId }) => at.uses + (encodeFamily(familyId) ?? ''));
    const uses = await this.#access.read((redis) => redis.mget(names));
    return sessions.map((session, n) => withUse(session, uses[n]));
  }

  async listAll(options: ListAllOptions): Promise<SessionPage> {
    return redisListPart(this.#access.masters, this.#keys, options, (call) => this.#access.read(call));
  }

  async touch(key: SessionKey, { usedAt, period }: SessionUse): Promise<void> {
    const at = this.#locate(key);
    if (at === undefined) return;
    await this.#access.read((redis) =>
      redis.fastauthTouchBuffer(at.session, at.uses + at.family, usedAt, period),
    );
  }

  async restore(record: SessionRecord, now: number): Promise<boolean> {
    const at = this.#storable(record);
    const left = redisTimeLeft(record, now);
    const [value, , createdAt, family] = valueArguments(at, record);
    const restored = await this.#access.write(at.index, (redis, deadline) =>
      redis.fastauthRestoreBuffer(...allKeys(at), value, left, createdAt, family, deadline),
    );
    return this.#told(record, restored === 1);
  }

  /** Nothing to do: Redis drops each session at its end, by its own clock. */
  async sweep(_now: number, _limit: number): Promise<number> {
    return 0;
  }

  async keyUse(now: number): Promise<readonly KeyUse[]> {
    return redisKeyUse(this.#access.masters, this.#keys, now, (call) => this.#access.read(call));
  }

  watch(watcher: SessionWatcher): () => void {
    return this.#sessions.watch(watcher);
  }

  /** What the clock of Redis shows, in epoch seconds; of one of its nodes in a Cluster. @throws StoreUnavailableError */
  async time(): Promise<number> {
    const [seconds = 0, microseconds = 0] = await this.#access.read((redis) => redis.time());
    return Number(seconds) + Number(microseconds) / 1e6;
  }

  async ping(): Promise<void> {
    await this.#access.read((redis) => redis.ping());
  }

  async #load(key: SessionKey, fresh: boolean): Promise<SessionRecord | undefined> {
    const at = this.#locate(key);
    if (at === undefined) return undefined;
    if (fresh) {
      const answer = await this.#access.read((redis) => redis.fastauthFindBuffer(at.session));
      return answer === null ? undefined : freshSessionOf(answer, key.clientId, at.familyId);
    }
    const value = await this.#access.read((redis) => redis.getBuffer(at.session));
    return value === null ? undefined : sessionOfRedisValue(value, key.clientId, at.familyId);
  }

  /** The cache is not to be believed after a lost race either: somebody else has written. */
  #told(key: SessionKey, hasChanged: boolean): boolean {
    if (hasChanged) this.#sessions.changed(key);
    else this.#sessions.forget(key);
    return hasChanged;
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

interface SessionPlace extends RedisClientKeys {
  readonly familyId: string;
  /** The family as in the index. */
  readonly family: string;
  /** The session's key. */
  readonly session: string;
}

/** What the scripts that put a new session write to. */
function allKeys({ index, session, grants, grantEnds }: SessionPlace) {
  return [index, session, grants, grantEnds] as const;
}

/** What the scripts that put a session are told first. */
function valueArguments({ family }: SessionPlace, record: SessionRecord) {
  return [redisValueOf(record), redisLifetime(record), record.createdAt, family] as const;
}

/** Families and values by turns, as the scripts answer them. */
function sessionsOf(answer: unknown, clientId: string): SessionRecord[] {
  const parts = answer as Buffer[];
  return Array.from({ length: parts.length / 2 }, (_, n) =>
    sessionOfRedisValue(parts[2 * n + 1] as Buffer, clientId, decodeFamily(String(parts[2 * n] as Buffer))),
  );
}
