import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { StoreUnavailableError } from '../../errors.js';
import type { ClientRegister } from '../../sessions/client-register.js';
import { isSuccessor, isToRevoke } from '../../sessions/live-sessions.js';
import {
  isRefreshable,
  type RefreshableSession,
  type SessionKey,
  type SessionRecord,
  type SessionTokens,
  type TokenPair,
} from '../../sessions/session-record.js';
import {
  type KeyUse,
  type ListAllOptions,
  type SessionPage,
  type SessionUse,
  TokenStore,
  type RevokeFilter,
  type SessionWatcher,
} from '../../sessions/token-store.js';
import { PolledWatchers } from '../polled-watchers.js';
import { RestClient, type RestClientOptions } from './client.js';
import { ClientMutex } from './client-mutex.js';
import { RestClosings } from './closings.js';
import { nameByPython } from './names.js';
import { LEGACY_FAMILY_ID } from '../../sessions/legacy-family.js';
import { isLaterSession, ofFamily, SessionReader, sessionUnderOtherName } from './session.js';

export type { ClientRegister, RestClientOptions };

/** Options of {@link RestTokenStore}. */
export type RestTokenStoreOptions = RestClientOptions;

const REMEMBERED_SESSIONS = 10_000;
/** How often those who watch are told that others may have changed something, which the API does not tell. */
const REMIND_EVERY_MS = 30_000;
const REVOKED = { access_token: null, refresh_token: null };
/** How long after it was closed a record is looked at, before the revocation is acknowledged. */
const LOOK_AFTER_MS = 25;
const MOST_LOOKS = 5;
/** How much older than the revocation a refresh may say that it is, in seconds. */
const CLOCKS_DIFFER = 5;

/**
 * Keeps tokens behind the REST persistence API, in the form that the Python original shares. Its limits:
 * - one session per client, so `sessionsPerClient` is not heeded, and a revoked session leaves no tombstone;
 * - tokens are stored as plain text;
 * - the API knows no compare-and-swap: a refresh is atomic within this process only, and one that another process has
 *   sent off may open again what this one has closed: it is looked at, and closed again, before a revocation is
 *   acknowledged and for twice the time limit after it;
 * - what the API cannot hold (label, previous refresh token, first creation) is known to the process that wrote it;
 * - it tells of no changes: those who watch hear of this process' own, and every 30 seconds that they should look again.
 */
export class RestTokenStore extends TokenStore implements ClientRegister {
  readonly #client: RestClient;
  readonly #mutex: ClientMutex;
  readonly #closings: RestClosings;
  readonly #reader = new SessionReader();
  readonly #watchers = new PolledWatchers(REMIND_EVERY_MS, () => this.#watchers.notify(undefined));
  /** By refresh hash, what this process wrote: it holds only as long as the API still has that very pair. */
  readonly #written = new LRUCache<string, RefreshableSession>({ max: REMEMBERED_SESSIONS });

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
    this.#closings = new RestClosings(options.timeout * 2000, (session) => this.#closeAgain(session));
    this.#spent = new LRUCache({ max: REMEMBERED_SESSIONS, ttl: Math.ceil(options.timeout * 1000) });
  }

  async find(key: SessionKey): Promise<RefreshableSession | undefined> {
    return ofFamily(key, await this.#load(key.clientId));
  }

  async hasClient(clientId: string): Promise<boolean> {
    return (await this.#answer(clientId)) !== undefined;
  }

  async insert(
    record: SessionRecord,
    { accessToken, refreshToken }: SessionTokens,
    _sessionsPerClient: number,
  ): Promise<readonly SessionRecord[]> {
    if (!isRefreshable(record) || refreshToken === undefined) {
      throw new TypeError('The REST persistence API keeps sessions with a refresh token only.');
    }
    const pair = { accessToken, refreshToken };
    await this.#inTurn(record.clientId, (until) => this.#save(record, pair, until));
    this.#watchers.notify({ clientId: record.clientId });
    return [];
  }

  async rotate(record: RefreshableSession, pair: TokenPair): Promise<boolean> {
    const { previousRefreshHash = '' } = record;
    return this.#inTurn(record.clientId, async (until) => {
      if (this.#spent.has(previousRefreshHash)) return false;
      // The family is not compared: a session of the original gets one with its first refresh.
      const stored = await this.#load(record.clientId, until);
      if (!isSuccessor(record, stored)) return false;
      await this.#save({ ...record, label: stored.label }, pair, until);
      this.#spent.set(previousRefreshHash, true);
      this.#watchers.notify(record);
      return !(await this.#isReplaced(record, until));
    });
  }

  /** The label is known to this process only. */
  async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    return this.#inTurn(key.clientId, async (until) => {
      const record = ofFamily(key, await this.#load(key.clientId, until));
      if (record === undefined) return false;
      this.#written.set(record.refreshHash, { ...record, plainPair: undefined, label });
      return true;
    });
  }

  async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    return this.#inTurn(key.clientId, async (until) => {
      const record = await this.#load(key.clientId, until);
      if (record === undefined || !isOf(key, record, revokedAt)) return false;
      await this.#close(record, revokedAt, until);
      return true;
    });
  }

  async revokeClient(
    clientId: string,
    revokedAt: number,
    filter: RevokeFilter = {},
  ): Promise<readonly string[]> {
    return this.#inTurn(clientId, async (until) => {
      const record = await this.#load(clientId, until);
      if (record === undefined || !isToRevoke(record, filter)) return [];
      await this.#close(record, revokedAt, until);
      return [record.familyId];
    });
  }

  async list(clientId: string): Promise<readonly RefreshableSession[]> {
    const record = await this.#load(clientId);
    return record === undefined ? [] : [record];
  }

  /** The API does not list its clients. */
  async listAll(_options: ListAllOptions): Promise<SessionPage | undefined> {
    return undefined;
  }

  /** The API has no room for it. */
  async touch(_key: SessionKey, _use: SessionUse): Promise<void> {}

  /**
   * Takes sessions of another persistence API alone: those of other stores have no tokens that could be saved. Of two
   * sessions of a client the later one stays, and a client whose record is closed stays logged out.
   */
  async restore(record: SessionRecord, _now: number): Promise<boolean> {
    const { plainPair } = record;
    if (!isRefreshable(record) || plainPair === undefined) {
      throw new TypeError('The REST persistence API keeps plain tokens, and this session has none.');
    }
    return this.#inTurn(record.clientId, async (until) => {
      const stored = await this.#answer(record.clientId, until);
      const isLater =
        stored === undefined || (stored.session !== undefined && isLaterSession(record, stored.session));
      if (isLater) await this.#save(record, plainPair, until);
      return isLater;
    });
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
    this.#closings.stop();
    await this.#client.close();
  }

  /** One change at a time for each client, and all that it takes within the time limit, its turn included. */
  #inTurn<T>(clientId: string, change: (until: number) => Promise<T>): Promise<T> {
    const until = this.#client.endOfOperation();
    return this.#mutex.run(clientId, () => change(until));
  }

  async #load(clientId: string, until?: number): Promise<RefreshableSession | undefined> {
    const stored = (await this.#answer(clientId, until))?.session;
    if (stored === undefined) return undefined;
    const written = this.#written.get(stored.refreshHash);
    return written?.accessHash === stored.accessHash && written.clientId === clientId
      ? { ...written, plainPair: stored.plainPair }
      : stored;
  }

  /**
   * What the API has of a client: a session, or a record that is closed. A client that it does not know may be one of
   * the original's, under another name, until it is first refreshed or revoked here.
   */
  async #answer(
    clientId: string,
    until = this.#client.endOfOperation(),
  ): Promise<{ session: RefreshableSession | undefined } | undefined> {
    const text = await this.#client.load(clientId, until);
    if (text !== undefined) return { session: this.#reader.read(text, clientId) };
    const session = await this.#loadOfPython(clientId, until);
    return session && { session };
  }

  async #loadOfPython(clientId: string, until: number): Promise<RefreshableSession | undefined> {
    const name = nameByPython(clientId);
    const text = name === undefined ? undefined : await this.#client.load(name, until);
    return text === undefined ? undefined : sessionUnderOtherName(text, clientId);
  }

  /** The original goes on looking under the other name. */
  async #closeOfPython(clientId: string, until: number): Promise<void> {
    const name = nameByPython(clientId);
    if (name !== undefined && (await this.#loadOfPython(clientId, until)))
      await this.#client.save(name, REVOKED, until);
  }

  /** Whether there is another pair by now, or none. What cannot be told is no reason to throw a saved pair away. */
  async #isReplaced({ clientId, refreshHash }: RefreshableSession, until: number): Promise<boolean> {
    const stored = await this.#load(clientId, until).catch(() => 'unknown' as const);
    return stored !== 'unknown' && stored?.refreshHash !== refreshHash;
  }

  /** @throws StoreUnavailableError unless the session was seen to be closed */
  async #close(session: RefreshableSession, revokedAt: number, until: number): Promise<void> {
    const { clientId, familyId } = session;
    for (let look = 0; look < MOST_LOOKS; look++) {
      // Its answer may be lost, or the time over before the record was looked at: it may be closed all the same.
      await this.#client.save(clientId, REVOKED, until).finally(() => this.#watchers.notify(session));
      // Who shares the legacy family may log in with the original at any time.
      if (familyId !== LEGACY_FAMILY_ID) this.#closings.lookAfter({ clientId, familyId });
      await this.#closeOfPython(clientId, until);
      await sleep(LOOK_AFTER_MS);
      const record = await this.#load(clientId, until);
      if (record === undefined || !isOf(session, record, revokedAt)) return;
    }
    throw new StoreUnavailableError('A session is opened again as often as it is closed.');
  }

  /** Against a refresh by another process that was under way. */
  async #closeAgain({ clientId, familyId }: SessionKey): Promise<void> {
    await this.#inTurn(clientId, async (until) => {
      if ((await this.#load(clientId, until))?.familyId !== familyId) return;
      await this.#client.save(clientId, REVOKED, until);
      this.#watchers.notify({ clientId, familyId });
      // It is looked at once more.
    }).catch(() => undefined);
  }

  async #save(record: RefreshableSession, pair: TokenPair, until: number): Promise<void> {
    // Before the call: if its answer is lost after all was saved, the retry still finds the whole session.
    this.#written.set(record.refreshHash, { ...record, plainPair: undefined });
    const tokens = { access_token: pair.accessToken, refresh_token: pair.refreshToken };
    await this.#client.save(record.clientId, tokens, until);
    // It is saved: what is left under the other name is not for our processes.
    await this.#closeOfPython(record.clientId, until).catch(() => undefined);
  }
}

/** Whether this record is the session, or what a refresh just now made of one of the original's, which has no family. */
function isOf({ familyId }: SessionKey, record: RefreshableSession, revokedAt: number): boolean {
  if (familyId === undefined || familyId === record.familyId) return true;
  const isJustRefreshed =
    record.generation === 1 && (record.rotatedAt ?? -Infinity) >= revokedAt - CLOCKS_DIFFER;
  return familyId === LEGACY_FAMILY_ID && isJustRefreshed;
}
