import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type Database, open, type RootDatabase } from 'lmdb';
import { removeTemporaryFolders, temporaryFolder } from '../../../test/support/temporary-folder.js';
import { beginningKey, endKey, timeBytes } from './grant-keys.js';
import { clientPrefix, sessionKeyBytes } from './keys.js';
import { OldestGrants } from './oldest-grants.js';

const PREFIX = clientPrefix('ada') as Buffer;

const keyOf = (family: string, createdAt: number) =>
  beginningKey(sessionKeyBytes({ clientId: 'ada', familyId: family }) as Buffer, createdAt);

const step = fc.oneof(
  fc.record({ how: fc.constant('add' as const), time: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ how: fc.constant('remove' as const), place: fc.nat(12) }),
  fc.record({ how: fc.constant('look' as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ how: fc.constant('take' as const), count: fc.integer({ min: 1, max: 5 }) }),
);

describe('the oldest grants of a client, read ahead', () => {
  let root: RootDatabase<Buffer, Buffer>;
  let index: Database<Buffer, Buffer>;

  beforeEach(() => {
    root = open<Buffer, Buffer>({ path: temporaryFolder(), encoding: 'binary', keyEncoding: 'binary' });
    index = root.openDB('grants', { encoding: 'binary', keyEncoding: 'binary' });
  });
  afterEach(() => root.close());
  afterAll(() => removeTemporaryFolders());

  /** What the index itself says. */
  const kept = () =>
    Array.from(index.getKeys({ start: beginningKey(PREFIX, 0), end: endKey(PREFIX, 0) }), (key) =>
      key.toString('latin1'),
    );

  it('are those of the index, whatever was written within the transaction', async () => {
    let families = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        await index.clearAsync();
        const oldest = new OldestGrants(index);
        const add = (time: number) => {
          const key = keyOf(String(++families), time);
          index.putSync(key, timeBytes(time));
          oldest.added(PREFIX, key);
        };
        const remove = (key: Buffer) => {
          index.removeSync(key);
          oldest.removed(PREFIX, key);
        };
        const first = (count: number) => {
          const found: string[] = [];
          for (const { sessionKey, expiresAt } of oldest.of(PREFIX)) {
            found.push(beginningKey(sessionKey, expiresAt).toString('latin1'));
            if (found.length === count) break;
          }
          expect(found).toEqual(kept().slice(0, count));
          return found;
        };
        await root.transaction(() => {
          oldest.begin();
          for (const one of steps) {
            if (one.how === 'add') add(one.time);
            else if (one.how === 'look') first(one.count);
            else if (one.how === 'take')
              for (const key of first(one.count)) remove(Buffer.from(key, 'latin1'));
            else {
              const key = kept()[one.place];
              if (key !== undefined) remove(Buffer.from(key, 'latin1'));
            }
          }
          first(Infinity);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('are read anew in the next transaction', () => {
    const oldest = new OldestGrants(index);
    const found = () => Array.from(oldest.of(PREFIX)).length;
    index.putSync(keyOf('of this process', 2), timeBytes(2));
    expect(found()).toBe(1);
    index.putSync(keyOf('of another process', 1), timeBytes(1));
    oldest.begin();
    expect(found()).toBe(2);
  });
});
