import assert from 'node:assert/strict';
import type { ContractRunner, Rule } from './contract-runner.js';
import { rotatedSample, sessionSample } from './session-sample.js';
import { put, assertHeard } from './stored-sessions.js';

/** Rules about what watchers hear. */
export function describeWatching({ describe }: Pick<ContractRunner, 'describe'>, rule: Rule): void {
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
}
