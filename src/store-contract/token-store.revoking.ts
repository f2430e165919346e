import assert from 'node:assert/strict';
import type { ContractRunner, Rule } from './contract-runner.js';
import { SAMPLE_TIME, sessionSample } from './session-sample.js';
import { put, assertStored, assertClosed, families } from './stored-sessions.js';

/** Rules about ending sessions. */
export function describeRevoking(
  { describe }: Pick<ContractRunner, 'describe'>,
  rule: Rule,
  { isSingle }: { readonly isSingle: boolean },
): void {
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
}
