import assert from 'node:assert/strict';
import {
  isRefreshable,
  sessionExpiresAt,
  type SessionRecord,
  type SessionTokens,
} from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';
import { NamedCalls } from './named-calls.js';
import { SeededRandom } from './seeded-random.js';
import { assertSame } from './session-assertions.js';
import { accessOnlySample, rotatedSample, SAMPLE_TIME, sessionSample } from './session-sample.js';

const STEPS = 600;
const CLIENTS = ['a', 'ab', '__proto__'] as const;
const LIMITS = [1, 2, 3, Infinity] as const;

/** Calls the store in a random order, and after each call compares it with a plain map that got the same call. */
export async function compareWithModel(
  store: TokenStore,
  { seed, expiresByItself }: { readonly seed: number; readonly expiresByItself: boolean },
): Promise<void> {
  const calls = new NamedCalls(store);
  const run = new ModelRun(calls.store, new SeededRandom(seed), expiresByItself);
  for (let step = 0; step < STEPS; step++) {
    try {
      await run.step();
    } catch (error) {
      throw new Error(`The store left the model at step ${step} with seed ${seed}: ${calls}.`, {
        cause: error,
      });
    }
  }
}

class ModelRun {
  readonly #sessions = new Map<string, SessionRecord>();
  /** Families that were ever used, so that calls also meet what is gone. */
  readonly #families: SessionRecord[] = [];
  #now = SAMPLE_TIME;

  constructor(
    private readonly store: TokenStore,
    private readonly random: SeededRandom,
    private readonly expiresByItself: boolean,
  ) {}

  async step(): Promise<void> {
    this.#now += 1 + this.random.below(40);
    await this.random.pick([
      () => this.#insert(),
      () => this.#insert(),
      () => this.#grant(),
      () => this.#grant(),
      () => this.#restoreGrant(),
      () => this.#rotate(),
      () => this.#rotate(),
      () => this.#revoke(),
      () => this.#revokeClient(),
      () => this.#sweep(),
    ])();
    for (const clientId of CLIENTS) assertSame(await this.store.list(clientId), this.#listed(clientId));
    const key = this.#known();
    const modelled = key && this.#sessions.get(key.familyId);
    const found = key && (await this.store.find(key));
    assertSame(found ? [found] : [], modelled ? [modelled] : []);
  }

  async #insert(): Promise<void> {
    const { record, pair } = sessionSample({
      clientId: this.random.pick(CLIENTS),
      createdAt: this.#now,
      refreshExpiresAt: this.#now + 50 + this.random.below(500),
    });
    await this.#inserted(record, pair);
  }

  /** One without a refresh token. */
  async #grant(): Promise<void> {
    const { record, tokens } = this.#granted(this.#now);
    await this.#inserted(record, tokens);
  }

  /** Brings one that is older than some that are there. */
  async #restoreGrant(): Promise<void> {
    const { record } = this.#granted(this.#now - this.random.below(200));
    this.#sessions.set(record.familyId, record);
    this.#families.push(record);
    assert.equal(await this.store.restore(record, this.#now), true);
  }

  #granted(createdAt: number): ReturnType<typeof accessOnlySample> {
    const accessExpiresAt = this.#now + 50 + this.random.below(500);
    return accessOnlySample({ clientId: this.random.pick(CLIENTS), createdAt, accessExpiresAt });
  }

  async #inserted(record: SessionRecord, tokens: SessionTokens): Promise<void> {
    const limit = this.random.pick(LIMITS);
    const live = this.#listed(record.clientId).filter(
      (other) =>
        other.revokedAt === undefined &&
        sessionExpiresAt(other) >= this.#now &&
        isRefreshable(other) === isRefreshable(record),
    );
    const surplus = live.slice(0, Math.max(0, live.length + 1 - limit));
    for (const { familyId } of surplus) this.#sessions.delete(familyId);
    this.#sessions.set(record.familyId, record);
    this.#families.push(record);
    assertSame(await this.store.insert(record, tokens, limit), surplus);
  }

  async #rotate(): Promise<void> {
    const known = this.#known();
    if (!known) return;
    // Now and then from what the session was at first: a token spent long ago.
    const base = this.random.below(4) === 0 ? known : (this.#sessions.get(known.familyId) ?? known);
    const { record, pair } = rotatedSample(base, this.#now);
    const stored = this.#sessions.get(base.familyId);
    const isCurrent =
      stored?.refreshHash !== undefined &&
      stored.refreshHash === base.refreshHash &&
      stored.revokedAt === undefined;
    if (isCurrent) this.#sessions.set(record.familyId, record);
    assert.equal(await this.store.rotate(record, pair), isCurrent);
  }

  async #revoke(): Promise<void> {
    const key = this.#known();
    if (!key) return;
    const stored = this.#sessions.get(key.familyId);
    const isOpen = stored !== undefined && stored.revokedAt === undefined;
    if (isOpen) this.#sessions.set(key.familyId, { ...stored, revokedAt: this.#now });
    assert.equal(await this.store.revoke(key, this.#now), isOpen);
  }

  async #revokeClient(): Promise<void> {
    const clientId = this.random.pick(CLIENTS);
    const filter = {
      exceptFamilyId: this.random.below(2) === 0 ? this.#known()?.familyId : undefined,
      issuedBefore: this.random.below(2) === 0 ? this.#now - this.random.below(200) : undefined,
    };
    const revoked = this.#listed(clientId).filter(
      (record) =>
        record.revokedAt === undefined &&
        record.familyId !== filter.exceptFamilyId &&
        (filter.issuedBefore === undefined || record.createdAt < filter.issuedBefore),
    );
    for (const record of revoked) this.#sessions.set(record.familyId, { ...record, revokedAt: this.#now });
    assert.deepEqual(
      new Set(await this.store.revokeClient(clientId, this.#now, filter)),
      new Set(revoked.map((record) => record.familyId)),
    );
  }

  async #sweep(): Promise<void> {
    if (this.expiresByItself) {
      assert.equal(await this.store.sweep(this.#now, 5), 0);
      return;
    }
    const ended = [...this.#sessions.values()].filter((record) => sessionExpiresAt(record) < this.#now);
    const limit = 1 + this.random.below(5);
    let dropped = 0;
    for (let more = true; more;) {
      const count = await this.store.sweep(this.#now, limit);
      assert.ok(count <= limit);
      dropped += count;
      more = count === limit;
    }
    assert.equal(dropped, ended.length);
    for (const { familyId } of ended) this.#sessions.delete(familyId);
  }

  #known(): SessionRecord | undefined {
    return this.#families[this.random.below(this.#families.length)];
  }

  #listed(clientId: string): SessionRecord[] {
    return [...this.#sessions.values()]
      .filter((record) => record.clientId === clientId)
      .sort((a, b) => a.createdAt - b.createdAt);
  }
}
