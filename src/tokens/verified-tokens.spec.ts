import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../test/support/fake-clock.js';
import { testConfig } from '../../test/support/test-config.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { importSecret } from '../keys/import-key.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import { KeyRing } from '../keys/key-ring.js';
import { MemoryTokenStore } from '../stores/memory/memory.store.js';
import type { Principal } from './principal.js';
import { TokenFault } from './token-fault.js';
import { TokenService } from './token.service.js';

const OLD = 'the old secret of the tests, thirty-two bytes or more';
const NEW = 'the new secret of the tests, thirty-two bytes or more';
/** More than are kept ready, fewer than are remembered. */
const OTHERS = 1200;

describe('a token that more others than are kept ready have been seen after', () => {
  let clock: FakeClock;
  let keys: ActiveKeyRing;
  let service: TokenService;
  let others: readonly string[];
  const seeOthers = (): void => {
    for (const token of others) void service.check(token);
  };
  /** How many signatures were computed since. */
  const missesOf = (act: () => void): number => {
    const before = service.cacheLookups.misses;
    act();
    return service.cacheLookups.misses - before;
  };

  beforeEach(async () => {
    clock = new FakeClock();
    keys = new ActiveKeyRing(KeyRing.fromSecret(OLD));
    const config = testConfig({ verifiedTokenCacheSize: 3000 });
    service = new TokenService(config, keys, new MemoryTokenStore(), clock, new FastauthEvents());
    const names = Array.from({ length: OTHERS }, (_, index) => `other-${index}`);
    others = await Promise.all(
      names.map(async (clientId) => (await service.issue({ clientId })).accessToken),
    );
  });

  it('is the same principal, frozen through and through, and its signature is not computed again', async () => {
    const claims = { name: 'Zoë 🌊', roles: ['a', 'b'], nested: { deep: [1, null, true] } };
    const { accessToken } = await service.issue({ clientId: 'c', claims, scopes: ['x', 'y'] });
    const first = service.check(accessToken);
    seeOthers();
    expect(service.lastSeen(accessToken)).toEqual({ clientId: 'c', wasCurrent: true });
    expect(
      missesOf(() => {
        const again = service.check(accessToken);
        expect(again).toEqual(first);
        expect(again).not.toBe(first);
        expect(service.check(accessToken)).toBe(again);
        const { claims: kept } = again as Principal & { claims: { nested: { deep: unknown[] } } };
        expect([again, kept, kept.nested, kept.nested.deep].every(Object.isFrozen)).toBe(true);
      }),
    ).toBe(0);
  });

  it('is refused from its revocation on, and from its successor on', async () => {
    const revoked = await service.issue({ clientId: 'revoked' });
    const refreshed = await service.issue({ clientId: 'refreshed' });
    for (const { accessToken } of [revoked, refreshed]) void service.check(accessToken);
    seeOthers();
    await service.revokeClient('revoked');
    await service.refresh(refreshed.refreshToken);
    expect(service.check(revoked.accessToken)).toBeInstanceOf(TokenFault);
    expect(service.check(refreshed.accessToken)).toBeInstanceOf(TokenFault);
  });

  it('ends when its lifetime does', async () => {
    const { accessToken } = await service.issue({ clientId: 'c', accessTokenExpiresIn: 60 });
    void service.check(accessToken);
    seeOthers();
    clock.advance(59);
    expect(service.check(accessToken)).toMatchObject({ clientId: 'c' });
    seeOthers();
    clock.advance(60);
    expect(service.check(accessToken)).toBeInstanceOf(TokenFault);
  });

  it('is verified again under another ring, and refused where its key has left it or has ended', async () => {
    const { accessToken } = await service.issue({ clientId: 'c' });
    void service.check(accessToken);
    seeOthers();
    const old = importSecret(OLD, { status: 'verify-only', verifyUntil: clock.seconds + 10 });
    keys.replace(new KeyRing([old, importSecret(NEW)]));
    expect(missesOf(() => expect(service.check(accessToken)).toMatchObject({ clientId: 'c' }))).toBe(1);
    seeOthers();
    clock.advance(10);
    expect(service.check(accessToken)).toBeInstanceOf(TokenFault);
    keys.replace(KeyRing.fromSecret(NEW));
    expect(service.check(accessToken)).toBeInstanceOf(TokenFault);
  });
});
