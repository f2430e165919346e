import assert from 'node:assert/strict';
import type { ContractRunner, Rule } from './contract-runner.js';
import { rotatedSample, SAMPLE_TIME, sessionSample, type SessionSample } from './session-sample.js';
import { put, assertStored, families } from './stored-sessions.js';

/** Rules about sessions that have ended, and about those that still need a key. */
export function describeEnding(
  { describe }: Pick<ContractRunner, 'describe'>,
  rule: Rule,
  { expiresByItself }: { readonly expiresByItself: boolean },
): void {
  if (expiresByItself) {
    describe('the end', () => {
      rule('comes by itself, counted from the latest refresh, and to nothing that lives', async (store) => {
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
        assert.deepEqual(new Set(families(await store.list('c'))), new Set(families([next.record, live])));
        assert.equal(await store.find(ended.record), undefined);
        assert.equal(await store.find(tombstone.record), undefined);
        await assertStored(store, next.record);
      });
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
}
