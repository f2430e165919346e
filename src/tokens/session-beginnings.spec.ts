import { expect, it } from '@jest/globals';
import { FakeClock } from '../../test/support/fake-clock.js';
import { createTokenService } from '../../test/support/token-service.js';

/** Some time goes by whenever it is looked at. */
class WalkingClock extends FakeClock {
  override now(): number {
    this.advance(0.45);
    return super.now();
  }
}

it('begins a session in the second that its first token is of', async () => {
  const { service } = createTokenService({}, undefined, new WalkingClock());
  for (let time = 0; time < 5; time++) {
    const pair = await service.issue({ clientId: 'c' });
    const alone = await service.issueAccessOnly({
      clientId: 'd',
      scopes: [],
      audience: [],
      expiresIn: undefined,
    });
    for (const token of [pair.accessToken, alone.accessToken]) {
      const { authTime, issuedAt } = await service.verify(token);
      expect(authTime).toBe(issuedAt);
    }
  }
});
