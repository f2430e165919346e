import { describe, expect, it } from '@jest/globals';
import { createTokenService, SECRET } from '../../test/support/token-service.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { testConfig } from '../../test/support/test-config.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { importSecret } from '../keys/import-key.js';
import { KeyRing } from '../keys/key-ring.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import { MemoryTokenStore } from '../stores/memory/memory.store.js';
import { TokenFault } from './token-fault.js';
import { TokenService } from './token.service.js';

const INACTIVE = { active: false };

describe('a token that was introspected before', () => {
  it('is judged anew: as its session, its times and the clock stand now', async () => {
    const { service, clock } = createTokenService();
    const { accessToken, refreshToken, ...session } = await service.issue({ clientId: 'ada' });
    const both = async () => [await service.introspect(accessToken), await service.introspect(refreshToken)];
    const active = { active: true, clientId: 'ada' };
    for (let time = 0; time < 3; time++) expect(await both()).toMatchObject([active, active]);
    clock.advance(-3600);
    expect(await both()).toEqual([INACTIVE, INACTIVE]);
    clock.advance(3600);
    await service.revoke(session);
    expect(await both()).toEqual([INACTIVE, INACTIVE]);
    const other = await service.issue({ clientId: 'bob' });
    expect(await service.introspect(other.accessToken)).toMatchObject({ active: true });
    clock.advance(other.accessExpiresAt - clock.seconds + 1000);
    expect(await service.introspect(other.accessToken)).toEqual(INACTIVE);
  });

  it('is not taken for one that the guard has seen', async () => {
    const { service } = createTokenService();
    const { accessToken } = await service.issue({ clientId: 'ada' });
    await service.introspect(accessToken);
    expect(service.lastSeen(accessToken)).toBeUndefined();
    await service.verify(accessToken);
    await service.introspect(accessToken);
    expect(service.lastSeen(accessToken)).toEqual({ clientId: 'ada', wasCurrent: true });
  });

  it('lends nobody its claims', async () => {
    const { service } = createTokenService();
    const { accessToken } = await service.issue({ clientId: 'ada', claims: { roles: ['user'] } });
    for (let time = 0; time < 3; time++) {
      const state = await service.introspect(accessToken);
      if (!state.active) throw new Error('it is active');
      expect(state.claims['roles']).toEqual(['user']);
      (state.claims['roles'] as string[]).push('admin');
      expect((await service.verify(accessToken)).claims).toMatchObject({ roles: ['user'] });
    }
  });

  it('and is for others, is told of to whoever may ask, and let in by nobody', async () => {
    const store = new MemoryTokenStore();
    const elsewhere = createTokenService({ audience: ['https://other.example'] }, store);
    const { accessToken } = await elsewhere.service.issue({ clientId: 'ada' });
    const { service } = createTokenService({ audience: ['https://api.example'] }, store);
    for (let time = 0; time < 2; time++) {
      expect(await service.introspectForAnybody(accessToken)).toMatchObject({ active: true });
      expect(await service.introspect(accessToken)).toEqual(INACTIVE);
      expect(await service.check(accessToken)).toBeInstanceOf(TokenFault);
    }
  });

  it('is inactive from when its key is gone, or good no more', async () => {
    const clock = new FakeClock();
    const old = importSecret(SECRET);
    const next = importSecret('another secret of the tests, thirty-two bytes or more');
    const keys = new ActiveKeyRing(new KeyRing([old]));
    const service = new TokenService(
      testConfig({}),
      keys,
      new MemoryTokenStore(),
      clock,
      new FastauthEvents(),
    );
    const { accessToken } = await service.issue({ clientId: 'ada' });
    const isActive = async () => (await service.introspect(accessToken)).active;
    expect(await isActive()).toBe(true);
    keys.replace(
      new KeyRing([next, { ...old, status: 'verify-only' as const, verifyUntil: clock.seconds + 10 }]),
    );
    expect([await isActive(), await isActive()]).toEqual([true, true]);
    clock.advance(11);
    expect(await isActive()).toBe(false);
    keys.replace(new KeyRing([next]));
    expect(await isActive()).toBe(false);
    keys.replace(new KeyRing([old]));
    expect(await isActive()).toBe(true);
  });
});
