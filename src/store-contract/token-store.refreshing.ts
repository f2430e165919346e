import assert from 'node:assert/strict';
import type { RefreshableSession } from '../sessions/session-record.js';
import type { ContractRunner, Rule } from './contract-runner.js';
import { rotatedSample, SAMPLE_TIME, sessionSample, type SessionSample } from './session-sample.js';
import { put, assertStored, assertClosed } from './stored-sessions.js';

/** Rules about what goes on in a session: its rotations and its label. */
export function describeRefreshing({ describe }: Pick<ContractRunner, 'describe'>, rule: Rule): void {
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
}
