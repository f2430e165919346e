import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { removeTemporaryFolders, temporaryFolder } from '../../../test/support/temporary-folder.js';
import { accessOnlySample } from '../../store-contract/session-sample.js';
import { LmdbTokenStore } from './lmdb.store.js';

const MOST = 10;
const NOW = Math.floor(Date.now() / 1000);

describe('grants of one client in two stores on one folder', () => {
  let stores: [LmdbTokenStore, LmdbTokenStore];
  let number = 0;

  beforeEach(async () => {
    const folder = temporaryFolder();
    stores = [new LmdbTokenStore({ folder }), new LmdbTokenStore({ folder })];
    for (const store of stores) await store.open();
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
  });
  afterAll(() => removeTemporaryFolders());

  async function grant(store: LmdbTokenStore, accessExpiresAt = NOW + 3600) {
    const createdAt = NOW + ++number / 1000;
    const { record, tokens } = accessOnlySample({ clientId: 'ada', createdAt, accessExpiresAt });
    return { record, ended: await store.insert(record, tokens, MOST) };
  }

  it('are never more than they may be, in turn or at once', async () => {
    for (let time = 0; time < 3 * MOST; time++) await grant(stores[time % 2 === 0 ? 0 : 1]);
    expect(await stores[0].list('ada')).toHaveLength(MOST);
    const granted = await Promise.all(
      Array.from({ length: 6 * MOST }, (_, index) => grant(stores[index % 2 === 0 ? 0 : 1])),
    );
    expect(await stores[1].list('ada')).toHaveLength(MOST);
    expect(granted.flatMap(({ ended }) => ended)).toHaveLength(6 * MOST);
  });

  it('that have ended take no room from others, in one transaction', async () => {
    const [store] = stores;
    for (let time = 0; time < MOST; time++) await grant(store, NOW - 1);
    const granted = await Promise.all(Array.from({ length: MOST }, () => grant(store)));
    expect(granted.flatMap(({ ended }) => ended)).toEqual([]);
    const live = (await store.list('ada')).filter(({ accessExpiresAt }) => accessExpiresAt > NOW);
    expect(live).toHaveLength(MOST);
  });

  it('are read as the other store left them, also fresh', async () => {
    const { record } = await grant(stores[0]);
    const seen = () => stores[0].find(record, { fresh: true })?.revokedAt;
    expect([seen(), seen()]).toEqual([undefined, undefined]);
    await stores[1].revoke(record, NOW + 1);
    expect(seen()).toBe(NOW + 1);
  });
});
