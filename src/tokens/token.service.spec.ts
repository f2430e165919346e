import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createTokenService, SECRET } from '../../test/support/token-service.js';
import { InvalidGrantError, InvalidRequestError, UnauthorizedError } from '../errors.js';

const DAY = 86_400;

const payloadOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()) as Record<string, unknown>;

describe('issuing', () => {
  it('makes a pair with the claims and lifetimes of the contract', async () => {
    const { service, clock } = createTokenService();
    const tokens = await service.issue({ clientId: 'sensor-17' });
    const now = clock.seconds;
    expect(payloadOf(tokens.accessToken)).toMatchObject({
      client_id: 'sensor-17',
      type: 'access',
      iat: now,
      exp: now + 30 * DAY,
      jti: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(payloadOf(tokens.refreshToken)).toMatchObject({ type: 'refresh', exp: now + 365 * DAY });
    expect(payloadOf(tokens.accessToken)).not.toHaveProperty('aud');
  });

  it('gives a UUID v4 where no client identifier was given', async () => {
    const { service } = createTokenService();
    const { clientId } = await service.issue();
    expect(clientId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('makes two pairs of one second that differ', async () => {
    const { service } = createTokenService();
    const [one, two] = [await service.issue({ clientId: 'c' }), await service.issue({ clientId: 'c' })];
    expect(one.accessToken).not.toBe(two.accessToken);
  });

  it.each(['', 'x'.repeat(257), 'a\nb', 'a\u0000', 'a\u0085', '\ud800'])(
    'refuses the client identifier %j',
    async (clientId) => {
      const { service } = createTokenService();
      await expect(service.issue({ clientId })).rejects.toThrow(InvalidRequestError);
    },
  );

  it("refuses claims that are fastauth's own, and lifetimes that are none", async () => {
    const { service } = createTokenService();
    await expect(service.issue({ claims: { type: 'refresh' } })).rejects.toThrow(/type are set by fastauth/);
    await expect(service.issue({ accessTokenExpiresIn: 1 })).resolves.toMatchObject({
      accessToken: expect.any(String),
    });
    await expect(service.issue({ accessTokenExpiresIn: 0 })).rejects.toThrow(TypeError);
    await expect(service.issue({ accessTokenExpiresIn: Number.NaN })).rejects.toThrow(TypeError);
  });

  it("ends the client's older session, and nobody else's", async () => {
    const { service, emitted } = createTokenService();
    const older = await service.issue({ clientId: 'c' });
    const other = await service.issue({ clientId: 'other' });
    const newer = await service.issue({ clientId: 'c' });
    await expect(service.verify(older.accessToken)).rejects.toThrow('session was superseded');
    await expect(service.refresh(older.refreshToken)).rejects.toThrow(InvalidGrantError);
    expect(await service.verify(newer.accessToken)).toMatchObject({ clientId: 'c' });
    expect(await service.verify(other.accessToken)).toMatchObject({ clientId: 'other' });
    expect(emitted).toContainEqual({ type: 'session.superseded', clientId: 'c', familyId: older.familyId });
  });

  it('keeps as many sessions a client as configured', async () => {
    const { service, clock } = createTokenService({ sessionsPerClient: 2 });
    const first = await service.issue({ clientId: 'c', label: 'one' });
    clock.advance(1);
    await service.issue({ clientId: 'c', label: 'two' });
    clock.advance(1);
    await service.issue({ clientId: 'c', label: 'three' });
    await expect(service.verify(first.accessToken)).rejects.toThrow(UnauthorizedError);
    expect((await service.sessions('c')).map(({ label }) => label)).toEqual(['two', 'three']);
  });

  it('ends the oldest of sessions that began in one millisecond, and tells whole seconds', async () => {
    const { service, store } = createTokenService({ sessionsPerClient: 3 });
    for (const label of ['one', 'two', 'three', 'four', 'five'])
      await service.issue({ clientId: 'c', label });
    const sessions = await service.sessions('c');
    expect(sessions.map(({ label }) => label)).toEqual(['three', 'four', 'five']);
    expect(sessions.every(({ createdAt }) => Number.isInteger(createdAt))).toBe(true);
    const beginnings = (await store.list('c')).map(({ createdAt }) => createdAt);
    expect(new Set(beginnings).size).toBe(3);
  });
});

describe('verifying', () => {
  it('tells who it is, claims of the application included, and stays the same on a second sight', async () => {
    const { service } = createTokenService();
    const tokens = await service.issue({ clientId: 'c', claims: { site: 'north' } });
    const principal = await service.verify(tokens.accessToken);
    expect(principal).toMatchObject({ level: 'access', clientId: 'c', claims: { site: 'north' } });
    expect(await service.verify(tokens.accessToken)).toBe(principal);
  });

  it('answers without a promise where the store does', async () => {
    const { service } = createTokenService();
    const tokens = await service.issue();
    expect(service.check(tokens.accessToken)).not.toBeInstanceOf(Promise);
  });

  it('refuses at its end, tolerating clocks that differ by 5 seconds, whether seen before or not', async () => {
    const { service, clock } = createTokenService();
    const seen = await service.issue({ clientId: 'a', accessTokenExpiresIn: 60 });
    const unseen = await service.issue({ clientId: 'b', accessTokenExpiresIn: 60 });
    await service.verify(seen.accessToken);
    clock.advance(64);
    await service.verify(seen.accessToken);
    clock.advance(1);
    await expect(service.verify(seen.accessToken)).rejects.toThrow('Signature has expired');
    await expect(service.verify(unseen.accessToken)).rejects.toThrow('Signature has expired');
  });

  it('refuses a well signed token that was never issued, and a refresh token', async () => {
    const { service } = createTokenService();
    const { familyId, refreshToken } = await service.issue({ clientId: 'c' });
    const text = [
      '{"alg":"HS256","typ":"JWT"}',
      JSON.stringify({ client_id: 'c', type: 'access', exp: 4e9, fam: familyId }),
    ]
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
    const forged = `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
    await expect(service.verify(forged)).rejects.toThrow('token was refreshed');
    await expect(service.verify(refreshToken)).rejects.toThrow('another type');
  });

  it('refuses after revocation, at once', async () => {
    const { service, emitted } = createTokenService();
    const tokens = await service.issue({ clientId: 'c' });
    await service.verify(tokens.accessToken);
    expect(await service.revoke(tokens)).toBe(true);
    await expect(service.verify(tokens.accessToken)).rejects.toThrow('session was revoked');
    await expect(service.refresh(tokens.refreshToken)).rejects.toThrow(InvalidGrantError);
    expect(await service.revoke(tokens)).toBe(false);
    expect(emitted.at(-1)).toEqual({ type: 'session.revoked', clientId: 'c', familyId: tokens.familyId });
  });
});

describe('refreshing', () => {
  it('spends the old pair for a new one, with its claims and lifetimes', async () => {
    const { service, clock } = createTokenService();
    const before = await service.issue({
      clientId: 'c',
      claims: { site: 'north' },
      accessTokenExpiresIn: 60,
      refreshTokenExpiresIn: 600,
    });
    clock.advance(10);
    const after = await service.refresh(before.refreshToken);
    await expect(service.verify(before.accessToken)).rejects.toThrow('token was refreshed');
    expect(await service.verify(after.accessToken)).toMatchObject({
      clientId: 'c',
      claims: { site: 'north' },
    });
    expect(after.familyId).toBe(before.familyId);
    expect(after.accessExpiresAt).toBe(clock.seconds + 60);
    expect(after.refreshExpiresAt).toBe(clock.seconds + 600);
  });

  it('gives everybody the same pair when 50 come at once, and writes one', async () => {
    const { service, emitted } = createTokenService();
    const { refreshToken } = await service.issue({ clientId: 'c' });
    const answers = await Promise.all(Array.from({ length: 50 }, () => service.refresh(refreshToken)));
    expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
    expect(emitted.filter(({ type }) => type === 'token.refreshed')).toHaveLength(1);
    await service.verify(answers[0]?.accessToken as string);
  });

  it('gives a client that lost the answer the same pair within the grace', async () => {
    const { service, clock } = createTokenService({ refreshGrace: 10 });
    const { refreshToken } = await service.issue();
    const first = await service.refresh(refreshToken);
    clock.advance(9);
    expect(await service.refresh(refreshToken)).toEqual(first);
  });

  it('ends the session when a token is used again after the grace', async () => {
    const { service, clock, emitted } = createTokenService({ refreshGrace: 10 });
    const { refreshToken, clientId, familyId } = await service.issue();
    const successor = await service.refresh(refreshToken);
    clock.advance(10);
    await expect(service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    await expect(service.verify(successor.accessToken)).rejects.toThrow('session was revoked');
    await expect(service.refresh(successor.refreshToken)).rejects.toThrow(InvalidGrantError);
    expect(emitted.at(-1)).toEqual({ type: 'token.reused', clientId, familyId });
  });

  it("ends the session when a token older than the previous one is used, the successor's refresh having closed the grace", async () => {
    const { service } = createTokenService({ refreshGrace: 10 });
    const first = await service.issue();
    const second = await service.refresh(first.refreshToken);
    const third = await service.refresh(second.refreshToken);
    await expect(service.refresh(first.refreshToken)).rejects.toThrow(InvalidGrantError);
    await expect(service.verify(third.accessToken)).rejects.toThrow('session was revoked');
  });

  it('in strict mode refuses the losers of a race without ending the session, and later reuse with', async () => {
    const { service, clock } = createTokenService({ refreshGrace: 0 });
    const { refreshToken } = await service.issue();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => service.refresh(refreshToken)),
    );
    const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(won).toHaveLength(1);
    const successor = won[0]?.value.accessToken as string;
    await service.verify(successor);
    clock.advance(1);
    await expect(service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    await expect(service.verify(successor)).rejects.toThrow('session was revoked');
  });

  it('refuses garbage, access tokens and expired tokens without touching the session', async () => {
    const { service, clock } = createTokenService();
    const { accessToken, refreshToken } = await service.issue({ refreshTokenExpiresIn: 60 });
    await expect(service.refresh('garbage')).rejects.toThrow(InvalidGrantError);
    await expect(service.refresh(accessToken)).rejects.toThrow(InvalidGrantError);
    await service.verify(accessToken);
    clock.advance(65);
    await expect(service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    await service.verify(accessToken);
  });

  it('prolongs no session beyond the greatest age of a family', async () => {
    const { service, clock } = createTokenService({ familyMaxAge: 100 });
    const first = await service.issue();
    clock.advance(60);
    const second = await service.refresh(first.refreshToken);
    expect(second.refreshExpiresAt).toBe(clock.seconds + 40);
    expect(second.accessExpiresAt).toBe(clock.seconds + 40);
    clock.advance(40);
    await expect(service.refresh(second.refreshToken)).rejects.toThrow(InvalidGrantError);
  });

  it('keeps nothing in the store that could be used, not even with the key', async () => {
    const { service, store } = createTokenService();
    const first = await service.issue({ clientId: 'c' });
    const second = await service.refresh(first.refreshToken);
    const dump = JSON.stringify(await store.list('c'));
    for (const token of [first.accessToken, first.refreshToken, second.accessToken, second.refreshToken]) {
      expect(dump).not.toContain(token);
      expect(dump).not.toContain(token.split('.')[2]);
    }
  });
});
