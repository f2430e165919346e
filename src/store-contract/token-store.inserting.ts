import assert from 'node:assert/strict';
import type { ContractRunner, Rule } from './contract-runner.js';
import { assertSame } from './session-assertions.js';
import { SAMPLE_TIME, sessionSample } from './session-sample.js';
import { put, assertStored, families } from './stored-sessions.js';

/** Rules about new sessions and the room that they need. */
export function describeInserting(
  { describe }: Pick<ContractRunner, 'describe'>,
  rule: Rule,
  { isSingle }: { readonly isSingle: boolean },
): void {
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
        const live = await put(store, sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + 2 }), Infinity);
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
}
