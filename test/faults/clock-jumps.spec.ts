import { describe, expect, it } from '@jest/globals';
import { InvalidGrantError, UnauthorizedError } from '../../src/errors.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { FakeClock } from '../support/fake-clock.js';
import { createTokenService } from '../support/token-service.js';

const HOUR = 3600;
const GRACE = 10;

/** Two servers on one store, whose clocks are the test's to move. */
function servers() {
  const store = new MemoryTokenStore();
  const config = { refreshGrace: GRACE, clockTolerance: 5 };
  return [new FakeClock(), new FakeClock()].map((clock) => createTokenService(config, store, clock)) as [
    ReturnType<typeof createTokenService<FakeClock>>,
    ReturnType<typeof createTokenService<FakeClock>>,
  ];
}

describe('clocks that differ', () => {
  it('by 4 seconds accept a token of the one ahead, by 6 they do not yet', async () => {
    const [here, ahead] = servers();
    ahead.clock.advance(4);
    const early = await ahead.service.issue({ clientId: 'a' });
    await expect(here.service.verify(early.accessToken)).resolves.toMatchObject({ clientId: 'a' });
    ahead.clock.advance(2);
    const tooEarly = await ahead.service.issue({ clientId: 'b' });
    await expect(here.service.verify(tooEarly.accessToken)).rejects.toThrow(UnauthorizedError);
    await expect(here.service.refresh(tooEarly.refreshToken)).rejects.toThrow(InvalidGrantError);
    here.clock.advance(2);
    await expect(here.service.verify(tooEarly.accessToken)).resolves.toMatchObject({ clientId: 'b' });
    await expect(here.service.refresh(tooEarly.refreshToken)).resolves.toMatchObject({ clientId: 'b' });
  });

  it.each([
    [4, true],
    [6, false],
  ])('by %p seconds after the end of a token accept it: %p', async (late, isAccepted) => {
    const [here, other] = servers();
    const { accessToken } = await here.service.issue({ clientId: 'a', accessTokenExpiresIn: 60 });
    other.clock.advance(60 + late);
    const verified = other.service.verify(accessToken).then(
      () => true,
      () => false,
    );
    expect(await verified).toBe(isAccepted);
  });
});

describe('a clock that is set back by an hour', () => {
  it('revives no token that was refreshed, superseded or revoked', async () => {
    const [{ service, clock }] = servers();
    clock.advance(2 * HOUR);
    const old = await service.issue({ clientId: 'refreshed' });
    await service.refresh(old.refreshToken);
    const superseded = await service.issue({ clientId: 'superseded' });
    await service.issue({ clientId: 'superseded' });
    const revoked = await service.issue({ clientId: 'revoked' });
    await service.revoke(revoked);
    clock.advance(-HOUR);
    for (const { accessToken } of [old, superseded, revoked]) {
      await expect(service.verify(accessToken)).rejects.toThrow(UnauthorizedError);
    }
    for (const { refreshToken } of [superseded, revoked]) {
      await expect(service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    }
  });

  it('does not make the window longer in which a spent refresh token is answered', async () => {
    // The other server's clock went wrong, so what this one makes is good for it, but seems to come from the future.
    const [behind, right] = servers();
    const old = await behind.service.issue({ clientId: 'a' });
    right.clock.advance(HOUR);
    const next = await right.service.refresh(old.refreshToken);
    right.clock.advance(GRACE + 1);
    behind.clock.advance(GRACE + 1);
    await expect(behind.service.refresh(old.refreshToken)).rejects.toThrow(InvalidGrantError);
    expect(next.refreshToken).not.toBe(old.refreshToken);
    // Nobody can tell whether it is reuse, so nobody's session ends.
    await expect(right.service.refresh(next.refreshToken)).resolves.toMatchObject({ clientId: 'a' });
    expect(behind.emitted.map(({ type }) => type)).not.toContain('token.reused');
  });

  it('by no more than the tolerance still answers with the same pair', async () => {
    const [behind, right] = servers();
    const old = await behind.service.issue({ clientId: 'a' });
    right.clock.advance(4);
    const next = await right.service.refresh(old.refreshToken);
    await expect(behind.service.refresh(old.refreshToken)).resolves.toMatchObject({
      accessToken: next.accessToken,
      refreshToken: next.refreshToken,
    });
  });
});
