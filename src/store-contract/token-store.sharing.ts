import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionRecord } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';
import type { ContractRunner } from './contract-runner.js';
import { assertSame } from './session-assertions.js';
import { rotatedSample, SAMPLE_TIME, sessionSample, type SessionSample } from './session-sample.js';

/** What the rules for stores that share data need to know. */
export interface SharingOptions {
  readonly open: () => Promise<TokenStore>;
  /** Opens another store on the same data, as another server of the same application does. */
  readonly second: (store: TokenStore) => Promise<TokenStore>;
  /** How soon a watcher hears of what another store changed, in milliseconds. Default: 1000. */
  readonly heardWithin?: number | undefined;
  /** Sessions leave by themselves at their end, so that there is nothing to sweep. */
  readonly expiresByItself: boolean;
}

/** Defines the rules for two stores on the same data. */
export function describeSharing({ describe, it }: ContractRunner, options: SharingOptions): void {
  const rule = (text: string, test: (one: TokenStore, two: TokenStore) => Promise<unknown>): void => {
    it(text, async () => {
      const one = await options.open();
      const two = await options.second(one);
      try {
        await test(one, two);
      } finally {
        await two.close();
        await one.close();
      }
    });
  };

  describe('two stores on the same data', () => {
    rule(
      'see what the other wrote as soon as it is acknowledged, asked for a fresh answer',
      async (one, two) => {
        const { record, pair } = sessionSample({ label: 'phone' });
        await one.insert(record, pair, 1);
        assertSame([await fresh(two, record)], [record]);
        const next = rotatedSample(record);
        assert.equal(await two.rotate(next.record, next.pair), true);
        assertSame([await fresh(one, record)], [next.record]);
        assert.equal(await one.label(record, 'old phone'), true);
        assert.equal((await fresh(two, record)).label, 'old phone');
        assert.equal(await one.revoke(record, SAMPLE_TIME + 20), true);
        assert.equal((await fresh(two, record)).revokedAt, SAMPLE_TIME + 20);
      },
    );

    rule('let one of their rotations win, and show the loser the winner', async (one, two) => {
      for (let round = 0; round < 20; round++) {
        const { record, pair } = sessionSample();
        await one.insert(record, pair, 1);
        const rivals = [rotatedSample(record), rotatedSample(record)] as const;
        const won = await Promise.all([
          one.rotate(rivals[0].record, rivals[0].pair),
          two.rotate(rivals[1].record, rivals[1].pair),
        ]);
        assert.equal(won.filter(Boolean).length, 1);
        const winner = rivals[won.indexOf(true)] as SessionSample;
        for (const store of [one, two]) assertSame([await fresh(store, record)], [winner.record]);
      }
    });

    rule('hold the limit of sessions together', async (one, two) => {
      const samples = Array.from({ length: 20 }, () => sessionSample({ clientId: 'c' }));
      await Promise.all(
        samples.map(({ record, pair }, n) => (n % 2 === 0 ? one : two).insert(record, pair, 3)),
      );
      assert.equal((await one.list('c')).length, 3);
      assertSame(await two.list('c'), await one.list('c'));
    });

    if (!options.expiresByItself)
      rule('sweep together what ended, and nothing twice', async (one, two) => {
        const ended = Array.from({ length: 30 }, () => sessionSample({ createdAt: SAMPLE_TIME - 5000 }));
        const live = sessionSample();
        for (const { record, pair } of [...ended, live]) await one.insert(record, pair, 1);
        let dropped = 0;
        for (let round = 0; dropped < ended.length && round < 20; round++) {
          const counts = await Promise.all([one.sweep(SAMPLE_TIME, 10), two.sweep(SAMPLE_TIME, 10)]);
          dropped += counts[0] + counts[1];
        }
        assert.equal(dropped, ended.length);
        assertSame([await fresh(two, live.record)], [live.record]);
      });

    rule('hear of the changes that the other makes', async (one, two) => {
      const { heardWithin = 1000 } = options;
      const samples = Array.from({ length: 3 }, () => sessionSample());
      for (const { record, pair } of samples) await one.insert(record, pair, 1);
      const [rotated, revoked, superseded] = samples.map(({ record }) => record) as [
        SessionRecord,
        SessionRecord,
        SessionRecord,
      ];
      const heard = new Set<string>();
      const end = two.watch((changed) => {
        if (changed) heard.add(changed.clientId);
        else for (const { record } of samples) heard.add(record.clientId);
      });
      // A store that listens to a feed may need a moment to do so.
      await sleep(heardWithin);
      heard.clear();
      const next = rotatedSample(rotated);
      const newer = sessionSample({ clientId: superseded.clientId, createdAt: SAMPLE_TIME + 1 });
      await one.rotate(next.record, next.pair);
      await one.revoke(revoked, SAMPLE_TIME + 1);
      await one.insert(newer.record, newer.pair, 1);
      for (let waited = 0; heard.size < samples.length && waited < heardWithin; waited += 10) await sleep(10);
      end();
      for (const { clientId } of [rotated, revoked, superseded]) {
        assert.ok(heard.has(clientId), `a change was not heard of within ${heardWithin} ms`);
      }
    });
  });
}

/** Defines the rule for two applications on one backend. */
export function describeTwoApps(
  { describe, it }: ContractRunner,
  open: () => Promise<TokenStore>,
  otherApp: (store: TokenStore) => Promise<TokenStore>,
): void {
  describe('two applications on one backend', () => {
    it('have nothing to do with each other', async () => {
      const one = await open();
      const other = await otherApp(one);
      try {
        const mine = sessionSample({ clientId: 'c', familyId: 'f' });
        const theirs = sessionSample({ clientId: 'c', familyId: 'f', createdAt: SAMPLE_TIME + 1 });
        await one.insert(mine.record, mine.pair, 1);
        assert.equal(await other.find(mine.record), undefined);
        assertSame(await other.insert(theirs.record, theirs.pair, 1), []);
        assertSame(await one.list('c'), [mine.record]);
        assertSame(await other.list('c'), [theirs.record]);
        assert.deepEqual(await other.revokeClient('c', SAMPLE_TIME + 2), ['f']);
        await other.sweep(SAMPLE_TIME + 50_000, 10);
        assertSame([await fresh(one, mine.record)], [mine.record]);
      } finally {
        await other.close();
        await one.close();
      }
    });
  });
}

async function fresh(store: TokenStore, record: SessionRecord): Promise<SessionRecord> {
  const found = await store.find(record, { fresh: true });
  assert.ok(found, 'the session is not found');
  return found;
}
