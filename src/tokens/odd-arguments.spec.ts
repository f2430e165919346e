import { describe, expect, it } from '@jest/globals';
import { createTokenService } from '../../test/support/token-service.js';
import { FastauthError, InvalidGrantError, InvalidRequestError, UnauthorizedError } from '../errors.js';
import type { RevokeFilter } from '../sessions/token-store.js';
import { TokenFault } from './token-fault.js';

const YEAR = 365 * 24 * 60 * 60;

describe('what is asked of TokenService and cannot be meant', () => {
  it.each<[string, unknown]>([
    ['none', 0],
    ['negative', -1],
    ['a fraction', 1.5],
    ['NaN', Number.NaN],
    ['endless', Infinity],
    ['longer than the configuration takes', 100 * YEAR + 1],
    ['a text', '60'],
    ['a Date', new Date()],
    ['a bigint', 60n],
  ])('is refused: a lifetime that is %s', async (_what, seconds) => {
    const { service, store } = createTokenService();
    for (const name of ['accessTokenExpiresIn', 'refreshTokenExpiresIn']) {
      await expect(service.issue({ clientId: 'c', [name]: seconds })).rejects.toThrow(TypeError);
    }
    expect(await store.list('c')).toEqual([]);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])(
    'is refused with 422: a claim named %s',
    async (name) => {
      const { service } = createTokenService();
      const claims = JSON.parse(`{${JSON.stringify(name)}:1}`) as Record<string, unknown>;
      const issuing = service.issue({ claims });
      await expect(issuing).rejects.toThrow(InvalidRequestError);
      await expect(issuing).rejects.toThrow(name);
      await expect(issuing.catch((error: FastauthError) => error.getStatus())).resolves.toBe(422);
      // Deeper it is a name like any other.
      const { accessToken } = await service.issue({ claims: { inner: claims } });
      expect(Object.keys((await service.verify(accessToken)).claims['inner'] as object)).toEqual([name]);
    },
  );

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  let deep: Record<string, unknown> = {};
  for (let depth = 0; depth < 100_000; depth++) deep = { deep };
  it.each<[string, unknown]>([
    ['NaN', { n: Number.NaN }],
    ['Infinity, deeper', { list: [{ n: Infinity }] }],
    ['a bigint', { n: 1n }],
    ['a function', { f: () => 1 }],
    ['a symbol', { s: Symbol('s') }],
    ['a cycle', cycle],
    ['too deep', deep],
    ['a sub that is no text', { sub: 7 }],
    ['a text that makes the token too long', { text: 'x'.repeat(9000) }],
  ])('is refused with 422: claims with %s', async (_what, claims) => {
    const { service } = createTokenService();
    await expect(service.issue({ claims: claims as Record<string, unknown> })).rejects.toThrow(
      InvalidRequestError,
    );
  });

  it('keeps a copy of the claims: changing them afterwards changes no token', async () => {
    const { service } = createTokenService({ tokenFormat: 'opaque' });
    const claims = { roles: ['user'], at: new Date(0) };
    const issuing = service.issue({ claims });
    claims.roles.push('admin');
    const { accessToken } = await issuing;
    expect((await service.verify(accessToken)).claims).toMatchObject({
      roles: ['user'],
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  it.each<[string, unknown]>([
    ['a Date', { issuedBefore: new Date() }],
    ['milliseconds', { issuedBefore: Date.UTC(2030, 0, 1) }],
    ['a text', { issuedBefore: '2030-01-01' }],
    ['NaN', { issuedBefore: Number.NaN }],
    ['endless', { issuedBefore: Infinity }],
    ['negative', { issuedBefore: -1 }],
    ['null', { issuedBefore: null }],
    ['a family that is no text', { exceptFamilyId: 7 }],
    ['a family that is null', { exceptFamilyId: null }],
    ['misspelt', { issuedbefore: 1 }],
  ])('is refused, and ends nothing: a filter that is %s', async (_what, filter) => {
    const { service } = createTokenService();
    const { accessToken } = await service.issue({ clientId: 'c' });
    await expect(service.revokeClient('c', filter as RevokeFilter)).rejects.toThrow(TypeError);
    await expect(service.verify(accessToken)).resolves.toMatchObject({ clientId: 'c' });
  });

  it('takes a time with a fraction as what it means', async () => {
    const { service, clock } = createTokenService({ sessionsPerClient: 2 });
    await service.issue({ clientId: 'c' });
    expect(await service.revokeClient('c', { issuedBefore: clock.seconds - 0.5 })).toBe(0);
    expect(await service.revokeClient('c', { issuedBefore: clock.seconds + 0.5 })).toBe(1);
  });

  it.each([undefined, null, '', 7, ['c']])('is refused: the client %j', async (clientId) => {
    const { service } = createTokenService();
    const client = clientId as unknown as string;
    for (const acting of [
      () => service.revokeClient(client),
      () => service.sessions(client),
      () => service.revoke({ clientId: client, familyId: 'f' }),
      () => service.label({ clientId: client, familyId: 'f' }, 'x'),
      () => service.revoke({ clientId: 'c', familyId: null as unknown as string }),
      ...(clientId === undefined ? [] : [() => service.issue({ clientId: client })]),
    ]) {
      await expect(acting()).rejects.toThrow(InvalidRequestError);
    }
  });

  it.each([undefined, null, 7, {}, ['a.b.c']])('is no token: %j', async (value) => {
    const { service } = createTokenService();
    const token = value as unknown as string;
    expect(await service.check(token)).toBeInstanceOf(TokenFault);
    await expect(service.verify(token)).rejects.toThrow(UnauthorizedError);
    await expect(service.refresh(token)).rejects.toThrow(InvalidGrantError);
    expect(await service.introspect(token)).toEqual({ active: false });
    expect(await service.revokeToken(token)).toBe(false);
  });
});

describe('a session', () => {
  it('is live up to and including its last second, as stores have it', async () => {
    const { service, clock } = createTokenService();
    await service.issue({ clientId: 'c', accessTokenExpiresIn: 60, refreshTokenExpiresIn: 60 });
    clock.advance(60);
    expect(await service.sessions('c')).toHaveLength(1);
    clock.advance(1);
    expect(await service.sessions('c')).toEqual([]);
  });

  it('has no token that outlives the greatest age of a family, the first pair among them', async () => {
    const { service, clock } = createTokenService({ familyMaxAge: 100 });
    const first = await service.issue({ clientId: 'c', accessTokenExpiresIn: 1000 });
    expect([first.accessExpiresAt, first.refreshExpiresAt]).toEqual([
      clock.seconds + 100,
      clock.seconds + 100,
    ]);
    clock.advance(106);
    await expect(service.verify(first.accessToken)).rejects.toThrow(UnauthorizedError);
  });

  it('is refused: an option that is unknown, which would be ignored', async () => {
    const { service, store } = createTokenService();
    for (const misspelt of ['scope', 'expiresIn', 'client_id']) {
      await expect(service.issue({ [misspelt]: undefined })).rejects.toThrow(
        new TypeError(
          `issue(): unknown option ${JSON.stringify(misspelt)}; there are clientId, claims, scopes, ` +
            'accessTokenExpiresIn, refreshTokenExpiresIn, label.',
        ),
      );
    }
    expect((await store.listAll({ limit: 1 }))?.sessions).toEqual([]);
  });

  it('is refused: a session to revoke that has no family', async () => {
    const { service } = createTokenService();
    await service.issue({ clientId: 'c' });
    for (const session of [{ clientId: 'c' }, { clientId: 'c', familyId: undefined }]) {
      await expect(service.revoke(session)).rejects.toThrow(
        new InvalidRequestError(
          'familyId must be one text value; revokeClient() ends all sessions of a client',
        ),
      );
    }
    expect(await service.sessions('c')).toHaveLength(1);
  });
});
