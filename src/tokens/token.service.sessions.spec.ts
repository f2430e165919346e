import { describe, expect, it } from '@jest/globals';
import { createTokenService } from '../../test/support/token-service.js';
import { InvalidGrantError, InvalidRequestError, UnauthorizedError } from '../errors.js';

describe('the sessions of a client', () => {
  async function threeDevices() {
    const made = createTokenService({ sessionsPerClient: Infinity });
    const { service, clock } = made;
    const phone = await service.issue({ clientId: 'ada', label: 'phone' });
    clock.advance(10);
    const laptop = await service.issue({ clientId: 'ada', label: 'laptop' });
    clock.advance(10);
    const tablet = await service.issue({ clientId: 'ada' });
    const bob = await service.issue({ clientId: 'bob' });
    return { ...made, phone, laptop, tablet, bob };
  }
  type Devices = Awaited<ReturnType<typeof threeDevices>>;
  const labels = async ({ service }: Devices) => (await service.sessions('ada')).map(({ label }) => label);

  it('are listed, oldest first, with their times', async () => {
    const devices = await threeDevices();
    const { service, clock, laptop } = devices;
    clock.advance(5.25);
    const { refreshExpiresAt } = await service.refresh(laptop.refreshToken);
    expect(await labels(devices)).toEqual(['phone', 'laptop', undefined]);
    expect((await service.sessions('ada'))[1]).toEqual({
      familyId: laptop.familyId,
      clientId: 'ada',
      label: 'laptop',
      scopes: [],
      createdAt: clock.seconds - 15.25,
      refreshedAt: clock.seconds,
      expiresAt: refreshExpiresAt,
    });
  });

  it('are labelled anew, and keep the label over a refresh', async () => {
    const devices = await threeDevices();
    const { service, tablet, phone } = devices;
    expect(await service.label(tablet, 'tablet')).toBe(true);
    expect(await service.label(phone, undefined)).toBe(true);
    await service.refresh(tablet.refreshToken);
    expect(await labels(devices)).toEqual([undefined, 'laptop', 'tablet']);
    await service.revoke(tablet);
    expect(await service.label(tablet, 'x')).toBe(false);
    expect(await service.label({ clientId: 'bob', familyId: phone.familyId }, 'x')).toBe(false);
  });

  it.each(['x'.repeat(257), 'a\nb', '\ud800', 7 as unknown as string])(
    'refuse the label %j',
    async (label) => {
      const { service, bob } = await threeDevices();
      await expect(service.label(bob, label)).rejects.toThrow(InvalidRequestError);
      await expect(service.issue({ label })).rejects.toThrow(InvalidRequestError);
    },
  );

  it.each<[string, (devices: Devices) => Promise<unknown>, (string | undefined)[]]>([
    ['one', ({ service, phone }) => service.revoke(phone), ['laptop', undefined]],
    [
      'all others',
      ({ service, laptop }) => service.revokeClient('ada', { exceptFamilyId: laptop.familyId }),
      ['laptop'],
    ],
    ['all', ({ service }) => service.revokeClient('ada'), []],
    [
      'all issued before a time',
      ({ service, clock }) => service.revokeClient('ada', { issuedBefore: clock.seconds - 10 }),
      ['laptop', undefined],
    ],
  ])('are revoked: %s', async (_which, revoke, left) => {
    const devices = await threeDevices();
    const { service, phone, laptop, tablet, bob, emitted } = devices;
    await revoke(devices);
    expect(await labels(devices)).toEqual(left);
    const listed = new Set((await service.sessions('ada')).map(({ familyId }) => familyId));
    for (const { familyId, accessToken, refreshToken } of [phone, laptop, tablet]) {
      if (listed.has(familyId)) {
        await service.verify(accessToken);
        continue;
      }
      expect(emitted).toContainEqual({ type: 'session.revoked', clientId: 'ada', familyId });
      await expect(service.verify(accessToken)).rejects.toThrow(UnauthorizedError);
      await expect(service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    }
    await service.verify(bob.accessToken);
  });
});
