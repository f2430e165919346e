import assert from 'node:assert/strict';
import type { SessionRecord } from '../sessions/session-record.js';
import type { ContractRunner, Rule } from './contract-runner.js';
import { assertSame } from './session-assertions.js';
import { accessOnlySample, rotatedSample, SAMPLE_TIME, sessionSample } from './session-sample.js';
import { put, assertStored } from './stored-sessions.js';

/** Rules about sessions without a refresh token (RFC 6749 section 4.4.3). */
export function describeAccessOnly({ describe }: Pick<ContractRunner, 'describe'>, rule: Rule): void {
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
      const later = accessOnlySample({ clientId: 'c', createdAt: record.accessExpiresAt });
      assertSame(await store.insert(later.record, later.tokens, 1), [record]);
    });
  });

  describe('room for sessions without a refresh token', () => {
    rule('counts sessions without a refresh token apart from the others', async (store) => {
      const clientId = 'billing';
      const pair = await put(store, sessionSample({ clientId }));
      const granted = [];
      for (let n = 0; n < 4; n++) {
        const sample = accessOnlySample({ clientId, createdAt: SAMPLE_TIME + 1 + n });
        const removed = await store.insert(sample.record, sample.tokens, 3);
        assertSame(removed, n < 3 ? [] : [granted[0] as SessionRecord]);
        granted.push(sample.record);
      }
      await assertStored(store, pair.record);
      const next = sessionSample({ clientId, createdAt: SAMPLE_TIME + 10 });
      assertSame(await store.insert(next.record, next.pair, 1), [pair.record]);
      assertSame(await store.list(clientId), [...granted.slice(1), next.record]);
    });
  });
}
