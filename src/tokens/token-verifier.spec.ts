import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../test/support/fake-clock.js';
import { testConfig } from '../../test/support/test-config.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { importSecret } from '../keys/import-key.js';
import { KeyRing } from '../keys/key-ring.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import { MemoryTokenStore } from '../stores/memory/memory.store.js';
import { TokenFault } from './token-fault.js';
import { TokenService } from './token.service.js';

const OLD = 'the old secret of the tests, thirty-two bytes or more';
const NEW = 'the new secret of the tests, thirty-two bytes or more';
const both = (verifyUntil?: number): KeyRing =>
  new KeyRing([importSecret(OLD, { status: 'verify-only', verifyUntil }), importSecret(NEW)]);

function setUp(source?: (clock: FakeClock) => ConstructorParameters<typeof ActiveKeyRing>[1]) {
  const clock = new FakeClock();
  const keys = new ActiveKeyRing(KeyRing.fromSecret(OLD), source?.(clock));
  const store = new MemoryTokenStore();
  const service = new TokenService(testConfig(), keys, store, clock, new FastauthEvents());
  return { clock, keys, store, service };
}

describe('a token and its key', () => {
  it('stays good while its key is in the ring, and a token seen before is refused once it left', async () => {
    const { service, keys } = setUp();
    const { accessToken } = await service.issue({ clientId: 'c' });
    expect(service.check(accessToken)).toMatchObject({ clientId: 'c' });
    keys.replace(both());
    expect(service.check(accessToken)).toMatchObject({ clientId: 'c' });
    keys.replace(KeyRing.fromSecret(NEW));
    expect(service.check(accessToken)).toBe(TokenFault.badSignature);
  });

  it('is refused from the second its key ends, seen before or not', async () => {
    const { service, keys, clock } = setUp();
    const seen = (await service.issue({ clientId: 'c' })).accessToken;
    const unseen = (await service.issue({ clientId: 'd' })).accessToken;
    keys.replace(both(clock.seconds + 10));
    clock.advance(9);
    expect(service.check(seen)).toMatchObject({ clientId: 'c' });
    clock.advance(1);
    expect(service.check(seen)).toBeInstanceOf(TokenFault);
    expect(service.check(unseen)).toBeInstanceOf(TokenFault);
  });

  it('of a key that another process has made is good after one reading of the keys', async () => {
    let reads = 0;
    const { service, keys, store, clock } = setUp((now) => ({
      now: () => now.now(),
      load: async () => (reads++, both()),
    }));
    const other = new TokenService(
      testConfig(),
      new ActiveKeyRing(both()),
      store,
      clock,
      new FastauthEvents(),
    );
    const { accessToken } = await other.issue({ clientId: 'c' });
    expect(await service.check(accessToken)).toMatchObject({ clientId: 'c' });
    expect(reads).toBe(1);
    expect(keys.current.keys).toHaveLength(2);
    const unknown = new KeyRing([importSecret(`${NEW}, another`), importSecret(OLD, { status: 'next' })]);
    const stranger = new TokenService(
      testConfig(),
      new ActiveKeyRing(unknown),
      store,
      clock,
      new FastauthEvents(),
    );
    const forged = (await stranger.issue({ clientId: 'e' })).accessToken;
    for (let index = 0; index < 50; index++) expect(await service.check(forged)).toBe(TokenFault.unknownKey);
    // One more, however often it is sent: see ReloadBudget.
    expect(reads).toBe(2);
  });
});

describe('a token that its connection brought before', () => {
  it('is asked of the store each time, ends with its lifetime, its key and its session, and no other passes for it', async () => {
    const { service, keys, clock } = setUp();
    const connection = {};
    const other = await service.issue({ clientId: 'other', accessTokenExpiresIn: 30 });
    const { accessToken } = await service.issue({ clientId: 'c', accessTokenExpiresIn: 60 });
    for (let index = 0; index < 3; index++) {
      expect(service.check(accessToken, connection)).toMatchObject({ clientId: 'c' });
      expect(service.check(other.accessToken, connection)).toMatchObject({ clientId: 'other' });
    }
    expect(service.check(`${accessToken.slice(0, -1)}x`, connection)).toBeInstanceOf(TokenFault);
    expect(service.check(accessToken, connection)).toMatchObject({ clientId: 'c' });
    expect(service.check(accessToken, connection)).toMatchObject({ clientId: 'c' });

    keys.replace(KeyRing.fromSecret(NEW));
    expect(service.check(accessToken, connection)).toBe(TokenFault.badSignature);
    keys.replace(both());
    expect(service.check(accessToken, connection)).toMatchObject({ clientId: 'c' });

    expect(service.check(other.accessToken, connection)).toMatchObject({ clientId: 'other' });
    clock.advance(36);
    expect(service.check(other.accessToken, connection)).toMatchObject({ kind: TokenFault.expired });

    expect(service.check(accessToken, connection)).toMatchObject({ clientId: 'c' });
    expect(service.check(accessToken, connection)).toMatchObject({ clientId: 'c' });
    await service.revokeClient('c');
    expect(service.check(accessToken, connection)).toMatchObject({ kind: TokenFault.sessionRevoked });
  });

  it('costs no second verification when the cache has let go of it', async () => {
    const { service } = setUp();
    const connection = {};
    const { accessToken } = await service.issue({ clientId: 'c' });
    await service.check(accessToken, connection);
    await service.check(accessToken, connection);
    const { misses } = service.cacheLookups;
    await service.check(accessToken, connection);
    expect(service.cacheLookups.misses).toBe(misses);
  });
});
