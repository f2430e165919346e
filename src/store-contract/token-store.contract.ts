import assert from 'node:assert/strict';
import type { RefreshableSession, SessionRecord } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';
import { globalRunner, type ContractRunner } from './contract-runner.js';
import { assertSame } from './session-assertions.js';
import {
  accessOnlySample,
  rotatedSample,
  SAMPLE_TIME,
  sessionSample,
  type SessionSample,
} from './session-sample.js';
import { compareWithModel } from './token-store.model.js';
import { describeProcesses, type SharedProcesses } from './token-store.processes.js';
import { describeSharing, describeTwoApps } from './token-store.sharing.js';

/** What the suite needs to know of a store. */
export interface TokenStoreContractOptions {
  /** Gives a new, empty, opened store. The suite closes it. */
  readonly open: () => Promise<TokenStore>;
  /** Closes the store and opens another one on the same data; for stores that outlive their process. */
  readonly reopen?: (store: TokenStore) => Promise<TokenStore>;
  /**
   * Opens another store on the same data, as another server of the same application does; for stores that are shared.
   * What `heardWithin` says is checked, too.
   */
  readonly second?: (store: TokenStore) => Promise<TokenStore>;
  /** How soon a watcher hears of what another store changed, in milliseconds. Default: 1000. */
  readonly heardWithin?: number;
  /** Opens a store of another application (`app-name`) on the same backend; for backends that several may use. */
  readonly otherApp?: (store: TokenStore) => Promise<TokenStore>;
  /** How processes of their own open the store; with it they race each other, and are killed in the middle of writes. */
  readonly processes?: SharedProcesses;
  /** What the backend cannot do; everything else is checked. */
  readonly limits?: {
    /** It holds one pair of tokens per client and keeps no tombstones, as the REST persistence API. Default: false. */
    readonly oneSessionPerClient?: boolean;
    /** It drops ended sessions by itself and by its own clock, as Redis; `sweep` has nothing to do. Default: false. */
    readonly expiresByItself?: boolean;
  };
  /** The test runner's functions. Default: the globals `describe` and `it`, as Jest and Vitest offer them. */
  readonly runner?: ContractRunner;
  /** Seed of the random part. Default: 1. */
  readonly seed?: number;
}

/** Client identifiers that break stores which paste them into keys, paths or queries. */
export const HOSTILE_CLIENT_IDS: readonly string[] = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'x&client_id=victim',
  'x?client_id=victim',
  'a/b?c#d',
  '../../etc/passwd',
  '%00',
  '%2e%2e%2f',
  '+',
  ' ',
  '*',
  "' OR 1=1 --",
  '{a}:b',
  '👩‍👩‍👧',
  'é',
  'e\u0301',
  'A',
  'a',
  'x'.repeat(256),
  '\u{1F511}'.repeat(128),
  '\uFFFD'.repeat(256),
];

/**
 * Defines tests for every rule of the {@link TokenStore} port. Run it for a store of your own:
 *
 * @example
 * describeTokenStoreContract('MyStore', { open: async () => { const store = new MyStore(); await store.open(); return store; } });
 */
export function describeTokenStoreContract(name: string, options: TokenStoreContractOptions): void {
  const { describe, it } = options.runner ?? globalRunner();
  const isSingle = options.limits?.oneSessionPerClient === true;
  const expiresByItself = options.limits?.expiresByItself === true;
  const { reopen, second, otherApp, processes } = options;

  const rule = (text: string, test: (store: TokenStore) => Promise<unknown>): void => {
    it(text, async () => {
      const store = await options.open();
      try {
        await test(store);
      } finally {
        await store.close();
      }
    });
  };

  describe(`${name} holds the contract of a token store`, () => {
    describe('find', () => {
      rule('finds a session as it was inserted', async (store) => {
        const { record } = await put(store, sessionSample());
        await assertStored(store, record);
      });

      rule('keeps optional fields exactly, and absent ones absent', async (store) => {
        const full = sessionSample({
          label: 'Ada’s 📱',
          sealedPair: 's'.repeat(2000),
          kid: 'key-1',
          claims: '{"site":"Nørre"}',
          scope: 'sensors:read sensors:write',
        });
        await put(store, full);
        await assertStored(store, full.record);
        const empty = await put(store, sessionSample({ label: '' }));
        await assertStored(store, empty.record);
        const bare = await put(store, sessionSample());
        const found = await store.find(bare.record);
        for (const field of [
          'previousRefreshHash',
          'rotatedAt',
          'sealedPair',
          'revokedAt',
          'label',
          'kid',
          'claims',
          'scope',
        ] as const) {
          assert.equal(found?.[field], undefined, field);
        }
      });

      rule('does not find what was never inserted', async (store) => {
        const { record } = await put(store, sessionSample());
        assert.equal(await store.find({ clientId: 'nobody', familyId: record.familyId }), undefined);
        assert.equal(await store.find({ clientId: record.clientId, familyId: 'none' }), undefined);
        assert.equal(await store.find({ clientId: 'nobody' }), undefined);
      });

      rule("does not find another client's family", async (store) => {
        const mine = await put(store, sessionSample({ clientId: 'a' }));
        const theirs = await put(store, sessionSample({ clientId: 'ab' }));
        assert.equal(await store.find({ clientId: 'a', familyId: theirs.record.familyId }), undefined);
        assert.equal(await store.find({ clientId: 'ab', familyId: mine.record.familyId }), undefined);
      });

      rule('keeps hostile client identifiers apart and exact', async (store) => {
        const samples = HOSTILE_CLIENT_IDS.map((clientId) => sessionSample({ clientId }));
        const victim = await put(store, sessionSample({ clientId: 'victim' }));
        for (const sample of samples) await put(store, sample);
        for (const { record } of samples) {
          await assertStored(store, record);
          assert.deepEqual(families(await store.list(record.clientId)), [record.familyId]);
          assert.deepEqual(await store.revokeClient(record.clientId, SAMPLE_TIME + 1), [record.familyId]);
        }
        await assertStored(store, victim.record);
      });
    });

    if (!isSingle) {
      describe('a session without a refresh token', () => {
        rule('is kept as it is, and cannot be rotated', async (store) => {
          const { record, tokens } = accessOnlySample({ clientId: 'c', scope: 'sensors:read' });
          await store.insert(record, tokens, Infinity);
          await assertStored(store, record);
          assertSame(await store.list('c'), [record]);
          const next = rotatedSample(sessionSample(record).record);
          assert.equal(await store.rotate(next.record, next.pair), false);
          const { previousRefreshHash: _none, ...unspent } = next.record;
          assert.equal(await store.rotate(unspent, next.pair), false);
          await assertStored(store, record);
        });

        rule('is revoked like any other', async (store) => {
          const { record, tokens } = accessOnlySample();
          await store.insert(record, tokens, Infinity);
          assert.equal(await store.revoke(record, SAMPLE_TIME + 1), true);
          await assertStored(store, { ...record, revokedAt: SAMPLE_TIME + 1 });
        });

        rule('is live until its access token ends', async (store) => {
          const { record, tokens } = accessOnlySample({ clientId: 'c', refreshExpiresAt: SAMPLE_TIME });
          await store.insert(record, tokens, Infinity);
          const { until } = (await store.keyUse(SAMPLE_TIME))?.[0] ?? {};
          assert.equal(until, record.accessExpiresAt);
          const later = sessionSample({ clientId: 'c', createdAt: record.accessExpiresAt });
          assertSame(await store.insert(later.record, later.pair, 1), [record]);
        });
      });
    }

    describe('insert', () => {
      rule('ends the older session of a client when one is allowed', async (store) => {
        const old = await put(store, sessionSample({ clientId: 'c' }));
        const other = await put(store, sessionSample({ clientId: 'other' }));
        const fresh = sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + 1 });
        const removed = await store.insert(fresh.record, fresh.pair, 1);
        if (!isSingle) assertSame(removed, [old.record]);
        assert.equal(await store.find(old.record), undefined);
        await assertStored(store, fresh.record);
        await assertStored(store, other.record);
      });

      if (!isSingle) {
        rule('keeps as many live sessions as are allowed, and the oldest goes first', async (store) => {
          const samples = [3, 1, 4, 2].map((age) =>
            sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME - age }),
          );
          for (const sample of samples) await put(store, sample, Infinity);
          const fresh = sessionSample({ clientId: 'c' });
          const removed = await store.insert(fresh.record, fresh.pair, 3);
          assertSame(removed, [samples[2]?.record, samples[0]?.record]);
          const kept = [samples[3], samples[1], fresh].map((sample) => sample?.record);
          assertSame(await store.list('c'), kept);
        });

        rule('ends the oldest of those that began within one second', async (store) => {
          const samples = Array.from({ length: 8 }, (_, nth) =>
            sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + (nth + 1) / 1_000_000 }),
          );
          for (const [nth, { record, pair }] of samples.entries()) {
            const ended = samples[nth - 2];
            assertSame(await store.insert(record, pair, 2), ended ? [ended.record] : []);
          }
          assertSame(
            await store.list('c'),
            samples.slice(-2).map(({ record }) => record),
          );
        });

        rule('counts a session as live until its last second is over', async (store) => {
          const ending = sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME - 10 });
          const last = { ...ending.record, accessExpiresAt: SAMPLE_TIME, refreshExpiresAt: SAMPLE_TIME };
          await store.insert(last, ending.pair, 1);
          const fresh = sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + 0.9 });
          assertSame(await store.insert(fresh.record, fresh.pair, 1), [last]);
        });

        rule('never ends the new session, however old it says it is', async (store) => {
          const first = await put(store, sessionSample({ clientId: 'c' }), 1);
          const backdated = sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME - 50 });
          assertSame(await store.insert(backdated.record, backdated.pair, 1), [first.record]);
          assertSame(await store.list('c'), [backdated.record]);
        });

        rule('without a limit keeps all', async (store) => {
          const samples = Array.from({ length: 30 }, (_, age) =>
            sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + age }),
          );
          for (const { record, pair } of samples) {
            assert.deepEqual(await store.insert(record, pair, Infinity), []);
          }
          assertSame(
            await store.list('c'),
            samples.map(({ record }) => record),
          );
        });

        rule('does not count revoked and expired sessions as live', async (store) => {
          const revoked = await put(store, sessionSample({ clientId: 'c' }), Infinity);
          await store.revoke(revoked.record, SAMPLE_TIME + 1);
          await put(store, sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME - 5000 }), Infinity);
          const live = await put(
            store,
            sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + 2 }),
            Infinity,
          );
          const fresh = sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + 3 });
          assert.deepEqual(await store.insert(fresh.record, fresh.pair, 2), []);
          await assertStored(store, live.record);
          const next = sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + 4 });
          assertSame(await store.insert(next.record, next.pair, 2), [live.record]);
          assert.equal((await store.find(revoked.record))?.revokedAt, SAMPLE_TIME + 1);
        });

        rule('holds the limit under simultaneous inserts', async (store) => {
          const samples = Array.from({ length: 20 }, () => sessionSample({ clientId: 'c' }));
          const removed = await Promise.all(samples.map(({ record, pair }) => store.insert(record, pair, 3)));
          const kept = await store.list('c');
          assert.equal(kept.length, 3);
          assert.deepEqual(
            new Set([...families(removed.flat()), ...families(kept)]),
            new Set(families(samples.map(({ record }) => record))),
          );
          assert.equal(removed.flat().length, 17);
        });
      }
    });

    describe('rotate', () => {
      rule('puts the successor in place', async (store) => {
        const { record } = await put(store, sessionSample({ label: 'phone' }));
        const next = rotatedSample(record, record.createdAt + 10.25);
        assert.equal(await store.rotate(next.record, next.pair), true);
        await assertStored(store, next.record);
        const third = rotatedSample(next.record);
        assert.equal(await store.rotate(third.record, third.pair), true);
        await assertStored(store, third.record);
        assert.equal((await store.list(record.clientId)).length, 1);
      });

      rule('lets exactly one of many simultaneous rotations win', async (store) => {
        let { record } = await put(store, sessionSample());
        for (let round = 0; round < 5; round++) {
          const current = record;
          const rivals = Array.from({ length: 20 }, () => rotatedSample(current));
          const won = await Promise.all(rivals.map((rival) => store.rotate(rival.record, rival.pair)));
          assert.equal(won.filter(Boolean).length, 1);
          const winner = rivals[won.indexOf(true)] as SessionSample;
          await assertStored(store, winner.record);
          record = winner.record;
        }
      });

      rule(
        'refuses another previous hash, generation, or a missing session, and changes nothing',
        async (store) => {
          const { record } = await put(store, sessionSample());
          const stranger = sessionSample();
          const next = rotatedSample(record);
          const refused: RefreshableSession[] = [
            { ...next.record, previousRefreshHash: stranger.record.refreshHash },
            { ...next.record, previousRefreshHash: record.accessHash },
            { ...next.record, previousRefreshHash: undefined },
            { ...next.record, generation: 0 },
            { ...next.record, generation: 2 },
            { ...next.record, clientId: 'nobody' },
            rotatedSample(stranger.record).record,
          ];
          for (const wrong of refused) assert.equal(await store.rotate(wrong, next.pair), false);
          await assertStored(store, record);
          assert.equal(await store.find(stranger.record), undefined);
          assert.equal(await store.rotate(next.record, next.pair), true);
          assert.equal(await store.rotate(next.record, next.pair), false);
        },
      );

      rule('refuses a revoked session', async (store) => {
        const { record } = await put(store, sessionSample());
        await store.revoke(record, SAMPLE_TIME + 1);
        const next = rotatedSample(record);
        assert.equal(await store.rotate(next.record, next.pair), false);
        await assertClosed(store, record);
      });

      rule('never lets a rotation and a revocation both leave the session open', async (store) => {
        for (let round = 0; round < 10; round++) {
          const { record } = await put(store, sessionSample());
          const next = rotatedSample(record);
          const [, revoked] = await Promise.all([
            store.rotate(next.record, next.pair),
            store.revoke(record, SAMPLE_TIME + 1),
          ]);
          assert.equal(revoked, true);
          await assertClosed(store, record);
        }
      });
    });

    describe('label', () => {
      rule('names a session, names it anew, and takes the name away', async (store) => {
        const { record } = await put(store, sessionSample());
        for (const label of ['phone', 'Ada’s 📱', '', undefined]) {
          assert.equal(await store.label(record, label), true);
          await assertStored(store, { ...record, label });
        }
      });

      rule('stays over a rotation that was read before it', async (store) => {
        const { record } = await put(store, sessionSample({ label: 'old' }));
        const next = rotatedSample(record);
        await store.label(record, 'new');
        assert.equal(await store.rotate(next.record, next.pair), true);
        await assertStored(store, { ...next.record, label: 'new' });
      });

      rule('is refused for what is not there, or is revoked', async (store) => {
        const { record } = await put(store, sessionSample({ label: 'mine' }));
        assert.equal(await store.label({ ...record, clientId: 'nobody' }, 'x'), false);
        assert.equal(await store.label({ ...record, familyId: 'none' }, 'x'), false);
        await assertStored(store, record);
        await store.revoke(record, SAMPLE_TIME + 5);
        assert.equal(await store.label(record, 'x'), false);
      });
    });

    describe('revoke', () => {
      rule('closes the session and says so once', async (store) => {
        const { record } = await put(store, sessionSample({ label: 'phone' }));
        const other = await put(store, sessionSample());
        assert.equal(await store.revoke(record, SAMPLE_TIME + 5), true);
        assert.equal(await store.revoke(record, SAMPLE_TIME + 9), false);
        await assertClosed(store, record);
        if (!isSingle) await assertStored(store, { ...record, revokedAt: SAMPLE_TIME + 5 });
        await assertStored(store, other.record);
      });

      rule("does not touch what is not there, nor another client's session", async (store) => {
        const { record } = await put(store, sessionSample());
        assert.equal(await store.revoke({ ...record, clientId: 'nobody' }, SAMPLE_TIME + 5), false);
        assert.equal(await store.revoke({ ...record, familyId: 'none' }, SAMPLE_TIME + 5), false);
        await assertStored(store, record);
        assert.equal(await store.find({ clientId: 'nobody', familyId: record.familyId }), undefined);
      });
    });

    describe('revokeClient', () => {
      rule("closes the client's sessions and no other", async (store) => {
        const { record } = await put(store, sessionSample({ clientId: 'c' }));
        const other = await put(store, sessionSample({ clientId: 'cc' }));
        assert.deepEqual(await store.revokeClient('c', SAMPLE_TIME + 5), [record.familyId]);
        assert.deepEqual(await store.revokeClient('c', SAMPLE_TIME + 6), []);
        assert.deepEqual(await store.revokeClient('nobody', SAMPLE_TIME + 5), []);
        await assertClosed(store, record);
        await assertStored(store, other.record);
      });

      rule('leaves alone what the filter leaves out', async (store) => {
        const { record } = await put(store, sessionSample({ clientId: 'c' }));
        const excepted = { exceptFamilyId: record.familyId };
        assert.deepEqual(await store.revokeClient('c', SAMPLE_TIME + 5, excepted), []);
        const before = { issuedBefore: record.createdAt };
        assert.deepEqual(await store.revokeClient('c', SAMPLE_TIME + 5, before), []);
        await assertStored(store, record);
        const after = { issuedBefore: record.createdAt + 1, exceptFamilyId: 'another' };
        assert.deepEqual(await store.revokeClient('c', SAMPLE_TIME + 5, after), [record.familyId]);
        await assertClosed(store, record);
      });

      if (!isSingle) {
        rule('revokes many at once and answers which', async (store) => {
          const samples = Array.from({ length: 10 }, (_, age) =>
            sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + age }),
          );
          for (const sample of samples) await put(store, sample, Infinity);
          const [first, second, ...rest] = samples.map(({ record }) => record.familyId);
          const filter = { exceptFamilyId: second, issuedBefore: SAMPLE_TIME + 3 };
          const revoked = await store.revokeClient('c', SAMPLE_TIME + 20, filter);
          assert.deepEqual(new Set(revoked), new Set([first, rest[0]]));
          const closed = (await store.list('c')).filter((record) => record.revokedAt !== undefined);
          assert.deepEqual(new Set(families(closed)), new Set(revoked));
        });
      }
    });

    describe('list', () => {
      rule('answers nothing for an unknown client', async (store) => {
        await put(store, sessionSample());
        assert.deepEqual(await store.list('nobody'), []);
      });

      if (!isSingle) {
        rule('answers all sessions of the client, oldest first, tombstones included', async (store) => {
          const samples = [5, 2, 9, 1].map((at) =>
            sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + at }),
          );
          for (const sample of samples) await put(store, sample, Infinity);
          await put(store, sessionSample({ clientId: 'cc' }), Infinity);
          const [five, two, nine, one] = samples.map(({ record }) => record);
          await store.revoke(two as SessionRecord, SAMPLE_TIME + 50);
          assertSame(await store.list('c'), [
            one,
            { ...(two as SessionRecord), revokedAt: SAMPLE_TIME + 50 },
            five,
            nine,
          ]);
        });
      }
    });

    if (!isSingle) {
      describe('watch', () => {
        rule('tells of a rotation before its promise resolves', async (store) => {
          const { record } = await put(store, sessionSample());
          const next = rotatedSample(record);
          await assertHeard(store, record.clientId, () => store.rotate(next.record, next.pair));
        });

        rule('tells of revoked sessions, one by one or by client', async (store) => {
          const first = await put(store, sessionSample({ clientId: 'a' }));
          await put(store, sessionSample({ clientId: 'b' }));
          const now = first.record.createdAt + 1;
          await assertHeard(store, 'a', () => store.revoke(first.record, now));
          await assertHeard(store, 'b', () => store.revokeClient('b', now));
        });

        rule('tells of sessions that left to make room', async (store) => {
          const { record } = await put(store, sessionSample());
          const newer = sessionSample({ clientId: record.clientId, createdAt: record.createdAt + 1 });
          await assertHeard(store, record.clientId, () => put(store, newer, 1));
        });

        rule('is silent after its end', async (store) => {
          const { record } = await put(store, sessionSample());
          const heard: unknown[] = [];
          const end = store.watch((changed) => heard.push(changed));
          end();
          await store.revoke(record, record.createdAt + 1);
          assert.deepEqual(heard, []);
        });
      });

      if (expiresByItself) {
        describe('the end', () => {
          rule(
            'comes by itself, counted from the latest refresh, and to nothing that lives',
            async (store) => {
              const brief = { accessExpiresAt: SAMPLE_TIME + 1, refreshExpiresAt: SAMPLE_TIME + 1 };
              const ended = await put(store, sessionSample({ ...brief, clientId: 'c' }), Infinity);
              const tombstone = await put(store, sessionSample({ ...brief, clientId: 'c' }), Infinity);
              await store.revoke(tombstone.record, SAMPLE_TIME);
              const refreshed = await put(store, sessionSample({ ...brief, clientId: 'c' }), Infinity);
              const next = rotatedSample(refreshed.record, SAMPLE_TIME + 0.5);
              assert.equal(await store.rotate(next.record, next.pair), true);
              const { record: live } = await put(store, sessionSample({ clientId: 'c' }), Infinity);
              await assertStored(store, ended.record);
              assert.equal(await store.sweep(SAMPLE_TIME + 5, 10), 0);
              for (let waited = 0; (await store.list('c')).length > 2 && waited < 5000; waited += 50) {
                await new Promise((resolve) => setTimeout(resolve, 50));
              }
              assert.deepEqual(
                new Set(families(await store.list('c'))),
                new Set(families([next.record, live])),
              );
              assert.equal(await store.find(ended.record), undefined);
              assert.equal(await store.find(tombstone.record), undefined);
              await assertStored(store, next.record);
            },
          );
        });
      } else {
        describe('sweep', () => {
          rule('drops ended sessions and tombstones in batches, and nothing that lives', async (store) => {
            const ended = Array.from({ length: 25 }, (_, age) =>
              sessionSample({ clientId: `c${age % 7}`, createdAt: SAMPLE_TIME - 5000 - age }),
            );
            const live = Array.from({ length: 12 }, (_, age) => sessionSample({ clientId: `c${age % 7}` }));
            for (const sample of [...ended, ...live]) await put(store, sample, Infinity);
            await store.revoke((ended[3] as SessionSample).record, SAMPLE_TIME - 4000);
            const tombstone = live[4] as SessionSample;
            await store.revoke(tombstone.record, SAMPLE_TIME + 1);
            assert.equal(await store.sweep(SAMPLE_TIME, 10), 10);
            assert.equal(await store.sweep(SAMPLE_TIME, 10), 10);
            assert.equal(await store.sweep(SAMPLE_TIME, 10), 5);
            assert.equal(await store.sweep(SAMPLE_TIME, 10), 0);
            for (const { record } of ended) assert.equal(await store.find(record), undefined);
            for (const sample of live) {
              if (sample !== tombstone) await assertStored(store, sample.record);
            }
            assert.equal((await store.find(tombstone.record))?.revokedAt, SAMPLE_TIME + 1);
          });

          rule('counts the end from the latest refresh', async (store) => {
            const { record } = await put(store, sessionSample());
            const next = rotatedSample(record, record.refreshExpiresAt - 1);
            await store.rotate(next.record, next.pair);
            assert.equal(await store.sweep(record.refreshExpiresAt + 10, 100), 0);
            await assertStored(store, next.record);
            assert.equal(await store.sweep(next.record.refreshExpiresAt + 1, 100), 1);
            assert.equal(await store.find(record), undefined);
          });

          rule('keeps a session whose access token outlives its refresh token', async (store) => {
            const sample = sessionSample({
              accessExpiresAt: SAMPLE_TIME + 900,
              refreshExpiresAt: SAMPLE_TIME + 10,
            });
            await put(store, sample);
            assert.equal(await store.sweep(SAMPLE_TIME + 500, 100), 0);
            await assertStored(store, sample.record);
          });
        });
      }

      describe('keyUse', () => {
        rule('counts live sessions by the key of their current pair', async (store) => {
          const until = SAMPLE_TIME + 1000;
          for (const kid of ['old', 'old', 'new', undefined]) await put(store, sessionSample({ kid }));
          await put(store, sessionSample({ kid: 'old', createdAt: SAMPLE_TIME - 5000 }));
          const revoked = await put(store, sessionSample({ kid: 'old' }));
          await store.revoke(revoked.record, SAMPLE_TIME + 1);
          const moved = await put(store, sessionSample({ kid: 'old' }));
          const { record, pair } = rotatedSample({ ...moved.record, kid: 'new' });
          assert.equal(await store.rotate(record, pair), true);
          const use = await store.keyUse(SAMPLE_TIME);
          assert.ok(use, 'a store that holds several sessions a client can look through them');
          assert.deepEqual(
            new Set(use.map((entry) => [entry.kid, entry.sessions, entry.until].join(' '))),
            new Set([`old 2 ${until}`, `new 2 ${until + 10}`, ` 1 ${until}`]),
          );
        });
      });

      describe('any order of calls', () => {
        rule('answers as a plain map does', (store) =>
          compareWithModel(store, { seed: options.seed ?? 1, expiresByItself }),
        );
      });
    }

    rule('takes times that go back, as a clock that was set back gives them', async (store) => {
      const { record } = await put(store, sessionSample());
      const next = rotatedSample(record, SAMPLE_TIME - 500.5);
      assert.equal(await store.rotate(next.record, next.pair), true);
      assert.equal(await store.sweep(SAMPLE_TIME - 7200, 10), 0);
      await assertStored(store, next.record);
      const third = rotatedSample(next.record, SAMPLE_TIME + 10);
      assert.equal(await store.rotate(third.record, third.pair), true);
      assert.equal(await store.revoke(record, SAMPLE_TIME - 7200), true);
      assert.equal(await store.sweep(SAMPLE_TIME - 7200, 10), 0);
      await assertClosed(store, record);
    });

    rule('gives a sign of life', (store) => store.ping());

    if (second) {
      const { open, heardWithin } = options;
      describeSharing({ describe, it }, { open, second, heardWithin, expiresByItself });
    }
    if (otherApp) describeTwoApps({ describe, it }, options.open, otherApp);
    if (processes) describeProcesses({ describe, it }, processes);

    if (reopen) {
      it('keeps everything over a restart', async () => {
        let store = await options.open();
        const kept = await put(store, sessionSample({ label: 'kept' }));
        const rotated = await put(store, sessionSample());
        const next = rotatedSample(rotated.record);
        await store.rotate(next.record, next.pair);
        const revoked = await put(store, sessionSample());
        await store.revoke(revoked.record, SAMPLE_TIME + 1);
        store = await reopen(store);
        try {
          await assertStored(store, kept.record);
          await assertStored(store, next.record);
          await assertClosed(store, revoked.record);
        } finally {
          await store.close();
        }
      });
    }
  });
}

async function put(store: TokenStore, sample: SessionSample, sessionsPerClient = 1): Promise<SessionSample> {
  await store.insert(sample.record, sample.pair, sessionsPerClient);
  return sample;
}

async function assertStored(store: TokenStore, record: SessionRecord): Promise<void> {
  const found = await store.find(record);
  assertSame(found ? [found] : [], [record]);
}

async function assertClosed(store: TokenStore, record: SessionRecord): Promise<void> {
  const found = await store.find(record);
  assert.ok(found === undefined || found.revokedAt !== undefined, 'the session is still open');
}

function families(records: readonly SessionRecord[]): string[] {
  return records.map((record) => record.familyId);
}

/** Telling too much is allowed: of the writes before, a store may tell once more. */
async function assertHeard(
  store: TokenStore,
  clientId: string,
  action: () => Promise<unknown>,
): Promise<void> {
  const heard = new Set<string | undefined>();
  const end = store.watch((changed) => heard.add(changed?.clientId));
  await action();
  end();
  assert.ok(heard.has(clientId), `not told of ${clientId}`);
}
