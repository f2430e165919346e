import assert from 'node:assert/strict';
import type { SessionRecord } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';
import type { ContractRunner, Rule } from './contract-runner.js';
import { assertSame } from './session-assertions.js';
import { rotatedSample, SAMPLE_TIME, sessionSample, type SessionSample } from './session-sample.js';

/** Rules about looking through all sessions, about when they were used, and about bringing them from elsewhere. */
export function describeListing({ describe }: Pick<ContractRunner, 'describe'>, rule: Rule): void {
  describe('listAll', () => {
    rule('lists every session of every client, tombstones included, in parts', async (store) => {
      const samples = await inserted(store, 23);
      const revoked = samples.slice(0, 5).map(({ record }) => record);
      for (const record of revoked) assert.equal(await store.revoke(record, SAMPLE_TIME + 1), true);
      for (const limit of [1, 4, 1000]) {
        const found = await everything(store, limit);
        assert.deepEqual([...found.keys()].sort(), samples.map(({ record }) => nameOf(record)).sort());
        for (const record of revoked) assert.notEqual(found.get(nameOf(record))?.revokedAt, undefined);
      }
    });

    rule('lists nothing of an empty store', async (store) => {
      assert.equal((await everything(store, 10)).size, 0);
    });

    rule('lists what stays, whatever comes, goes and is revoked meanwhile', async (store) => {
      const samples = await inserted(store, 20);
      const gone = new Set<string>();
      const found = new Set<string>();
      let cursor: string | undefined;
      let part = 0;
      do {
        const page = await store.listAll({ cursor, limit: 3 });
        assert.ok(page, MUST_LIST);
        for (const record of page.sessions) found.add(nameOf(record));
        cursor = page.next;
        const sample = samples[part++];
        if (sample === undefined) continue;
        await store.revoke(sample.record, SAMPLE_TIME + 1);
        await put(store, sessionSample());
        // The client's next login moves a tombstone in some stores, and takes the place of the older session in all.
        const replaced = await store.insert(
          ...parts(sessionSample({ clientId: sample.record.clientId, createdAt: SAMPLE_TIME + 2 })),
          1,
        );
        for (const record of replaced) gone.add(nameOf(record));
      } while (cursor !== undefined);
      const missing = samples.map(({ record }) => nameOf(record)).filter((name) => !found.has(name));
      assert.deepEqual(
        missing.filter((name) => !gone.has(name)),
        [],
      );
    });
  });

  describe('touch', () => {
    rule('remembers when a session was used, once a period, and changes nothing else', async (store) => {
      const { record } = await put(store, sessionSample({ label: 'kept' }));
      assert.equal((await store.list(record.clientId))[0]?.lastUsedAt, undefined);
      for (const [usedAt, known] of [
        [SAMPLE_TIME + 10, SAMPLE_TIME + 10],
        [SAMPLE_TIME + 69, SAMPLE_TIME + 10],
        [SAMPLE_TIME + 70, SAMPLE_TIME + 70],
      ] as const) {
        await store.touch(record, { usedAt, period: 60 });
        const [listed] = await store.list(record.clientId);
        assert.equal(listed?.lastUsedAt, known);
        assert.equal((await everything(store, 10)).get(nameOf(record))?.lastUsedAt, known);
      }
      assertSame(
        [await store.find(record)].flatMap((found) => found ?? []),
        [record],
      );
      const next = rotatedSample(record);
      assert.equal(await store.rotate(next.record, next.pair), true);
      assert.equal((await store.list(record.clientId))[0]?.lastUsedAt, SAMPLE_TIME + 70);
    });

    rule('takes sessions that are not there', async (store) => {
      await store.touch(sessionSample().record, { usedAt: SAMPLE_TIME, period: 60 });
      await store.touch({ clientId: 'nobody' }, { usedAt: SAMPLE_TIME, period: 60 });
      assert.equal((await everything(store, 10)).size, 0);
    });
  });

  describe('restore', () => {
    rule('puts sessions of elsewhere as they are, and no other has to leave', async (store) => {
      const own = await put(store, sessionSample({ clientId: 'ada' }));
      const fresh = sessionSample({ clientId: 'ada', label: 'phone', kid: 'k', scope: 'a b' }).record;
      const refreshed = rotatedSample(sessionSample({ clientId: 'ada' }).record).record;
      const revoked = { ...sessionSample({ clientId: 'ada' }).record, revokedAt: SAMPLE_TIME + 5 };
      for (const record of [fresh, refreshed, revoked]) {
        assert.equal(await store.restore(record, SAMPLE_TIME + 20), true);
        assert.equal(await store.restore(record, SAMPLE_TIME + 20), false, 'it is there already');
        assertSame(
          [await store.find(record)].flatMap((found) => found ?? []),
          [record],
        );
      }
      assert.equal((await store.list('ada')).length, 4);
      assert.notEqual(await store.find(own.record), undefined);
    });

    rule('goes on from what was restored, and keeps that its beginning is unknown', async (store) => {
      const { record } = sessionSample({ isBeginningUnknown: true });
      assert.equal(await store.restore(record, SAMPLE_TIME + 5), true);
      const next = rotatedSample(record);
      assert.equal(await store.rotate(next.record, next.pair), true);
      assertSame(
        [await store.find(record)].flatMap((found) => found ?? []),
        [next.record],
      );
      assert.equal((await store.list(record.clientId))[0]?.isBeginningUnknown, true);
      assert.equal(await store.revoke(record, SAMPLE_TIME + 20), true);
    });

    rule('puts a later state in place of an earlier one, and never the other way round', async (store) => {
      const first = await put(store, sessionSample());
      const second = rotatedSample(first.record);
      const third = rotatedSample(second.record, SAMPLE_TIME + 20);
      assert.equal(await store.restore(third.record, SAMPLE_TIME + 30), true);
      assert.equal(await store.restore(second.record, SAMPLE_TIME + 30), false);
      assertSame(
        [await store.find(first.record)].flatMap((found) => found ?? []),
        [third.record],
      );
      const revoked = { ...second.record, revokedAt: SAMPLE_TIME + 25 };
      assert.equal(
        await store.restore(revoked, SAMPLE_TIME + 30),
        true,
        'a revocation is later than anything',
      );
      assert.equal(await store.restore(rotatedSample(third.record).record, SAMPLE_TIME + 30), false);
      assert.notEqual((await store.find(first.record))?.revokedAt, undefined);
      assert.equal((await store.list(first.record.clientId)).length, 1);
    });

    rule('takes the later of two first pairs, as the original issues them in one family', async (store) => {
      const of = (createdAt: number) =>
        sessionSample({ clientId: 'ada', familyId: 'of-the-original', createdAt }).record;
      const [earlier, later] = [of(SAMPLE_TIME), of(SAMPLE_TIME + 5)];
      assert.equal(await store.restore(earlier, SAMPLE_TIME + 10), true);
      assert.equal(await store.restore(later, SAMPLE_TIME + 10), true);
      assert.equal(await store.restore(earlier, SAMPLE_TIME + 10), false);
      assertSame(await store.list('ada'), [later]);
      const { record, pair } = rotatedSample(later);
      assert.equal(await store.rotate(record, pair), true);
      assert.equal(await store.restore(of(SAMPLE_TIME + 60), SAMPLE_TIME + 60), false, 'it went on');
    });

    rule('does not open the time again in which a spent refresh token is answered', async (store) => {
      const { record } = rotatedSample(sessionSample().record);
      const rotatedAt = record.rotatedAt ?? 0;
      await store.restore(record, rotatedAt + 500);
      const found = await store.find(record, { fresh: true });
      const age = found?.rotatedAgo ?? 500;
      assert.ok(age >= 499, `it was rotated 500 seconds ago, not ${age}`);
    });
  });
}

const MUST_LIST = 'a store that holds several sessions a client can look through them';

async function inserted(store: TokenStore, count: number): Promise<readonly SessionSample[]> {
  const samples: SessionSample[] = [];
  for (let n = 0; n < count; n++) {
    const clientId = n % 3 === 0 ? 'shared' : `client ${n} {é}:*`;
    samples.push(sessionSample({ clientId, createdAt: SAMPLE_TIME + n / 1000 }));
  }
  for (const sample of samples) await store.insert(...parts(sample), Infinity);
  return samples;
}

/** By client and family. */
async function everything(store: TokenStore, limit: number): Promise<Map<string, SessionRecord>> {
  const found = new Map<string, SessionRecord>();
  let cursor: string | undefined;
  do {
    const page = await store.listAll({ cursor, limit });
    assert.ok(page, MUST_LIST);
    for (const record of page.sessions) found.set(nameOf(record), record);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

function nameOf({ clientId, familyId }: SessionRecord): string {
  return JSON.stringify([clientId, familyId]);
}

function parts({ record, pair }: SessionSample) {
  return [record, pair] as const;
}

async function put(store: TokenStore, sample: SessionSample): Promise<SessionSample> {
  await store.insert(sample.record, sample.pair, 1);
  return sample;
}
