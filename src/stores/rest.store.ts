import { LRUCache } from 'lru-cache';
import type { SessionKey, SessionRecord, TokenPair } from '../tokens/session-record.js';
import { ClientMutex } from './client-mutex.js';
import { isSuccessor, isToRevoke } from './live-sessions.js';
import { PolledWatchers } from './polled-watchers.js';
import { RestClient, type RestClientOptions } from './rest.client.js';
import { sessionOfAnswer } from './rest.session.js';
import { type KeyUse, TokenStore, type RevokeFilter, type SessionWatcher } from './token-store.js';

/** Options of {@link RestTokenStore}. */
export type RestTokenStoreOptions = RestClientOptions;

const REMEMBERED_SESSIONS = 10_000;
/** How often those who watch are told that others may have changed something, which the API does not tell. */
const REMIND_EVERY_MS = 30_000;
const REVOKED = { access_token: null, refresh_token: null };

/**
 * Keeps tokens behind the REST persistence API, in the form that the Python original shares. Its limits:
 * - one session per client, so `sessionsPerClient` is not heeded, and a revoked session leaves no tombstone;
 * - tokens are stored as plain text;
 * - the API knows no compare-and-swap: a refresh is atomic within this process only;
 * - what the API cannot hold (label, previous refresh token, first creation) is known to the process that wrote it;
 * - it tells of no changes: those who watch hear of this process' own, and every 30 seconds that they should look again.
 */
export class RestTokenStore extends TokenStore {
  readonly #client: RestClient;
  readonly #mutex: ClientMutex;
  readonly #watchers = new PolledWatchers(REMIND_EVERY_MS, () => this.#watchers.notify(undefined));
  /** By refresh hash, what this process wrote: it holds only as long as the API still has that very pair. */
  readonly #written = new LRUCache<string, SessionRecord>({ max: REMEMBERED_SESSIONS });

  /**
   * Refresh hashes that this process has just replaced: of many simultaneous refreshes, the late ones need no call.
   * Not for longer, since the API may have such a token again: from a backup, or since the original, whose tokens of
   * one second are the same text, issued it once more.
   */
  readonly #spent: LRUCache<string, true>;

  constructor(options: RestTokenStoreOptions) {
    super();
    this.#client = new RestClient(options);
    this.#mutex = new ClientMutex(options.timeout);
    this.#spent = new LRUCache({ max: REMEMBERED_SESSIONS, ttl: Math.ceil(options.timeout * 1000) });
  }

  async find(key: SessionKey): Promise<SessionRecord | undefined> {
    const record = await this.#load(key.clientId);
    return key.familyId === undefined || key.familyId === record?.familyId ? record : undefined;
  }

  async insert(
    record: SessionRecord,
    pair: TokenPair,
    _sessionsPerClient: number,
  ): Promise<readonly SessionRecord[]> {
    await this.#mutex.run(record.clientId, () => this.#save(record, pair));
    this.#watchers.notify({ clientId: record.clientId });
    return [];
  }

  async rotate(record: SessionRecord, pair: TokenPair): Promise<boolean> {
    const { previousRefreshHash = '' } = record;
    return this.#mutex.run(record.clientId, async () => {
      if (this.#spent.has(previousRefreshHash)) return false;
      // The family is not compared: a session of the original gets one with its first refresh.
      const stored = await this.#load(record.clientId);
      if (!isSuccessor(record, stored)) return false;
      await this.#save({ ...record, label: stored.label }, pair);
      this.#spent.set(previousRefreshHash, true);
      this.#watchers.notify(record);
      return true;
    });
  }

  /** The label is known to this process only. */
  async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    return this.#mutex.run(key.clientId, async () => {
      const record = await this.find(key);
      if (record === undefined) return false;
      this.#written.set(record.refreshHash, { ...record, plainPair: undefined, label });
      return true;
    });
  }

  async revoke(key: SessionKey, _revokedAt: number): Promise<boolean> {
    return this.#mutex.run(key.clientId, async () => {
      if ((await this.find(key)) === undefined) return false;
      await this.#client.save(key.clientId, REVOKED);
      this.#watchers.notify(key);
      return true;
    });
  }

  async revokeClient(
    clientId: string,
    _revokedAt: number,
    filter: RevokeFilter = {},
  ): Promise<readonly string[]> {
    return this.#mutex.run(clientId, async () => {
      const record = await this.#load(clientId);
      if (record === undefined || !isToRevoke(record, filter)) return [];
      await this.#client.save(clientId, REVOKED);
      this.#watchers.notify(record);
      return [record.familyId];
    });
  }

  async list(clientId: string): Promise<readonly SessionRecord[]> {
    const record = await this.#load(clientId);
    return record === undefined ? [] : [record];
  }

  /** Nothing to do: a client's record is replaced, and never more than one. */
  async sweep(_now: number, _limit: number): Promise<number> {
    return 0;
  }

  /** The API gives one client's tokens at a time, and does not list its clients. */
  async keyUse(_now: number): Promise<readonly KeyUse[] | undefined> {
    return undefined;
  }

  watch(watcher: SessionWatcher): () => void {
    return this.#watchers.add(watcher);
  }

  async ping(): Promise<void> {
    await this.#client.load('fastauth-ping');
  }

  async open(): Promise<void> {
    await this.#client.open();
    this.#watchers.mayLook(true);
  }

  async close(): Promise<void> {
    this.#watchers.mayLook(false);
    await this.#client.close();
  }

  async #load(clientId: string): Promise<SessionRecord | undefined> {
    const text = await this.#client.load(clientId);
    const stored = text === undefined ? undefined : sessionOfAnswer(text, clientId);
    if (stored === undefined) return undefined;
    const written = this.#written.get(stored.refreshHash);
    return written?.accessHash === stored.accessHash && written.clientId === clientId
      ? { ...written, plainPair: stored.plainPair }
      : stored;
  }

  async #save(record: SessionRecord, pair: TokenPair): Promise<void> {
    // Before the call: if its answer is lost after all was saved, the retry still finds the whole session.
    this.#written.set(record.refreshHash, { ...record, plainPair: undefined });
    await this.#client.save(record.clientId, {
      access_token: pair.accessToken,
      refresh_token: pair.refreshToken,
    });
  }
}
