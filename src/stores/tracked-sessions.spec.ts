import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { SessionKey, SessionRecord } from '../sessions/session-record.js';
import { sessionSample } from '../store-contract/session-sample.js';
import { FEED_SILENCE_MS, TrackedSessions } from './tracked-sessions.js';

/** A backend whose reads are carried out, and answered, when the test says so. */
class SlowBackend {
  readonly records = new Map<string, SessionRecord>();
  readonly reads: { key: SessionKey; seen?: SessionRecord | undefined; answer: () => void }[] = [];

  readonly load = (key: SessionKey): Promise<SessionRecord | undefined> =>
    new Promise((resolve) => {
      const read: (typeof this.reads)[number] = { key, answer: () => resolve(read.seen) };
      this.reads.push(read);
    });

  carryOut(index: number): void {
    const read = this.reads[index];
    if (read) read.seen = this.records.get(`${read.key.clientId}/${read.key.familyId}`);
  }

  answer(index: number): void {
    this.reads.splice(index, 1)[0]?.answer();
  }

  put(record: SessionRecord): void {
    this.records.set(`${record.clientId}/${record.familyId}`, record);
  }
}

const settled = (): Promise<void> => new Promise(setImmediate);

function setUp(size = 10) {
  const backend = new SlowBackend();
  let time = 0;
  const tracked = new TrackedSessions({ size, load: backend.load, now: () => time });
  const heard: (SessionKey | undefined)[] = [];
  tracked.watch((changed) => heard.push(changed));
  const { record } = sessionSample();
  backend.put(record);
  /** Reads to the end, as if nothing else went on. */
  const read = async (key: SessionKey): Promise<SessionRecord | undefined> => {
    const found = tracked.find(key);
    if (found instanceof Promise) {
      backend.carryOut(backend.reads.length - 1);
      backend.answer(backend.reads.length - 1);
    }
    return found;
  };
  /** Whether it is answered from memory. A read that this begins is dropped. */
  const isKept = (key: SessionKey): boolean => {
    const found = tracked.find(key);
    if (!(found instanceof Promise)) return true;
    backend.reads.pop();
    return false;
  };
  return {
    backend,
    tracked,
    heard,
    record,
    read,
    isKept,
    pass: (ms: number) => (time += ms),
    now: () => time,
  };
}

describe('TrackedSessions', () => {
  it('answers from memory once a session was read', async () => {
    const { tracked, record, read } = setUp();
    tracked.connected(0);
    expect(await read(record)).toBe(record);
    expect(tracked.find(record)).toBe(record);
    expect(tracked.find(record, { fresh: true })).toBeInstanceOf(Promise);
  });

  it('asks the backend every time while there is no feed', async () => {
    const { tracked, record, read, isKept } = setUp();
    await read(record);
    expect(isKept(record)).toBe(false);
    tracked.connected(0);
    await read(record);
    tracked.lost();
    expect(isKept(record)).toBe(false);
    tracked.alive(0);
    expect(isKept(record)).toBe(false);
    // What was kept before the gap does not come back.
    tracked.connected(0);
    expect(isKept(record)).toBe(false);
  });

  it('serves nothing once the feed is silent, and goes on when it was only slow', async () => {
    const { tracked, record, read, isKept, pass, now } = setUp();
    tracked.connected(0);
    await read(record);
    pass(FEED_SILENCE_MS - 1);
    expect(isKept(record)).toBe(true);
    pass(1);
    expect(isKept(record)).toBe(false);
    await read(record);
    tracked.alive(now() - 10);
    expect(isKept(record)).toBe(true);
  });

  it('does not keep what was read before a change and answered after it', async () => {
    const { backend, tracked, record, isKept } = setUp();
    tracked.connected(0);
    for (const change of [
      () => tracked.changed(record),
      () => tracked.changed({ clientId: record.clientId }),
      () => tracked.changed(undefined),
      () => tracked.forget(record),
      () => tracked.lost(),
      () => tracked.connected(0),
    ]) {
      const found = tracked.find(record);
      backend.carryOut(0);
      change();
      backend.answer(0);
      expect(await found).toBe(record);
      expect(isKept(record)).toBe(false);
      tracked.connected(0);
    }
  });

  it('does not keep a read that began while there was no feed', async () => {
    const { backend, tracked, record, isKept } = setUp();
    const found = tracked.find(record);
    backend.carryOut(0);
    tracked.connected(0);
    backend.answer(0);
    await found;
    expect(isKept(record)).toBe(false);
  });

  it('keeps neither missing nor revoked sessions, so that they push nothing out', async () => {
    const { backend, tracked, record, read, isKept } = setUp(2);
    tracked.connected(0);
    await read(record);
    for (let n = 0; n < 10; n++) {
      expect(await read(sessionSample().record)).toBeUndefined();
      const revoked = { ...sessionSample().record, revokedAt: 1 };
      backend.put(revoked);
      expect(await read(revoked)).toBe(revoked);
      expect(isKept(revoked)).toBe(false);
    }
    expect(isKept(record)).toBe(true);
  });

  it('forgets a failed read', async () => {
    const load = async (): Promise<undefined> => Promise.reject(new Error('down'));
    const tracked = new TrackedSessions({ size: 1, load, now: () => 0 });
    tracked.connected(0);
    await expect(tracked.find({ clientId: 'c', familyId: 'f' })).rejects.toThrow('down');
  });

  it('holds at most so many, and none when told so', async () => {
    const { backend, tracked, read, isKept } = setUp(3);
    tracked.connected(0);
    const records = Array.from({ length: 5 }, () => sessionSample().record);
    for (const record of records) {
      backend.put(record);
      await read(record);
    }
    expect(records.filter(isKept)).toEqual(records.slice(2));
    const none = setUp(0);
    none.tracked.connected(0);
    await none.read(none.record);
    expect(none.isKept(none.record)).toBe(false);
  });

  it('forgets the sessions of a client that is named alone, and no other', async () => {
    const { backend, tracked, read, isKept } = setUp();
    tracked.connected(0);
    const records = ['a', 'a', 'ab', '', '1:a'].map((clientId) => sessionSample({ clientId }).record);
    for (const record of records) {
      backend.put(record);
      await read(record);
    }
    tracked.changed({ clientId: 'a' });
    expect(records.map(isKept)).toEqual([false, false, true, true, true]);
  });

  it('tells of changes, and of gaps in the telling', () => {
    const { tracked, record, heard } = setUp();
    tracked.connected(0);
    tracked.changed(record);
    tracked.forget(record);
    tracked.lost();
    tracked.changed({ clientId: 'c' });
    expect(heard).toEqual([undefined, record, undefined, { clientId: 'c' }]);
  });

  it('never serves what the feed has told to be over, whatever happens in between', async () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ do: fc.constant('find' as const), of: fc.nat(2) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), of: fc.nat(2) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('carryOut' as const), of: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('answer' as const), of: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('write' as const), of: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('ownWrite' as const), of: fc.nat(2) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('tell' as const), of: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), of: fc.nat(1500) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('sign', 'cut', 'connect'), of: fc.nat(2) }) },
    );
    let served = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 120, size: 'max' }), async (steps) => {
        const { backend, tracked, read, pass, now } = setUp(2);
        const records = [0, 1, 2].map((n) => sessionSample({ clientId: `c${n}`, familyId: 'f' }).record);
        for (const record of records) backend.put(record);
        const current = (n: number): SessionRecord =>
          backend.records.get(`c${n}/f`) ?? (records[n] as SessionRecord);
        /** Changes that the feed has yet to tell, and per session the generation that is certain to be known. */
        let untold: { of: number; generation: number }[] = [];
        const known = [0, 0, 0];
        let isConnected = true;
        let signOfLife = 0;
        tracked.connected(0);
        for (const { do: what, of } of steps) {
          const write = (): number => {
            const generation = current(of).generation + 1;
            backend.put({ ...current(of), generation });
            if (isConnected) untold.push({ of, generation });
            return generation;
          };
          if (what === 'find') {
            const found = tracked.find(records[of] as SessionRecord);
            if (found instanceof Promise) continue;
            served++;
            expect(isConnected).toBe(true);
            expect(now() - signOfLife).toBeLessThan(FEED_SILENCE_MS);
            expect(found?.generation).toBeGreaterThanOrEqual(known[of] ?? 0);
          } else if (what === 'read') await read(records[of] as SessionRecord);
          else if (what === 'carryOut') backend.carryOut(of % (backend.reads.length || 1));
          else if (what === 'answer') {
            const index = of % (backend.reads.length || 1);
            if (backend.reads[index]?.seen) backend.answer(index);
          } else if (what === 'write') write();
          else if (what === 'ownWrite') {
            known[of] = write();
            tracked.changed(records[of] as SessionRecord);
          } else if (what === 'tell') {
            const told = untold.shift();
            if (told) {
              known[told.of] = Math.max(known[told.of] ?? 0, told.generation);
              tracked.changed(records[told.of] as SessionRecord);
            }
          } else if (what === 'pass') pass(of);
          else if (what === 'sign' && isConnected && untold.length === 0) {
            signOfLife = now();
            tracked.alive(now());
          } else if (what === 'cut' && isConnected) {
            isConnected = false;
            untold = [];
            tracked.lost();
          } else if (what === 'connect' && !isConnected) {
            isConnected = true;
            signOfLife = now();
            for (const n of [0, 1, 2]) known[n] = current(n).generation;
            tracked.connected(now());
          }
          await settled();
        }
      }),
      { numRuns: 300 },
    );
    expect(served).toBeGreaterThan(500);
  });
});
