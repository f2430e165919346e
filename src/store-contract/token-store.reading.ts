import assert from 'node:assert/strict';
import type { SessionRecord } from '../sessions/session-record.js';
import type { ContractRunner, Rule } from './contract-runner.js';
import { HOSTILE_CLIENT_IDS } from './hostile-client-ids.js';
import { assertSame } from './session-assertions.js';
import { SAMPLE_TIME, sessionSample } from './session-sample.js';
import { put, assertStored, families } from './stored-sessions.js';

/** Rules about finding and listing. */
export function describeReading(
  { describe }: Pick<ContractRunner, 'describe'>,
  rule: Rule,
  { isSingle }: { readonly isSingle: boolean },
): void {
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
}
