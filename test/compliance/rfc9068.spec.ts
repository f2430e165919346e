import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { testConfig } from '../support/test-config.js';
import { FakeClock } from '../support/fake-clock.js';
import { freshKey } from '../support/rings.js';
import { loadFastauthConfig } from '../../src/config/load-config.js';
import type { FastauthConfig } from '../../src/config/fastauth-config.js';
import type { JsonObject } from '../../src/json.js';
import { importSecret } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { FastauthEvents } from '../../src/events/fastauth-events.js';
import type { ForeignTokens } from '../../src/tokens/foreign-tokens.js';
import type { IssuanceDefaultsOf } from '../../src/tokens/issuance-defaults.js';
import { JwtCodec } from '../../src/tokens/codecs/jwt.codec.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { TokenService } from '../../src/tokens/token.service.js';

const ISSUER = 'https://auth.example.com';
const PROFILE: Partial<FastauthConfig> = {
  accessTokenProfile: 'at+jwt',
  issuer: ISSUER,
  audience: ['https://api.example.com'],
};
const keys = new ActiveKeyRing(new KeyRing([freshKey('ES256')]));

function serviceWith(
  config: Partial<FastauthConfig>,
  extras: {
    store?: MemoryTokenStore;
    defaults?: IssuanceDefaultsOf;
    foreign?: ForeignTokens;
    clock?: FakeClock;
  } = {},
): TokenService {
  const { store = new MemoryTokenStore(), defaults, foreign, clock = new FakeClock() } = extras;
  return new TokenService(testConfig(config), keys, store, clock, new FastauthEvents(), defaults, foreign);
}

function parts(token: string): [JsonObject, JsonObject] {
  return token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as JsonObject) as [
    JsonObject,
    JsonObject,
  ];
}

describe('RFC 9068, access tokens as JWTs', () => {
  it('section 2.1 and 2.2: typ is at+jwt, and iss, exp, aud, sub, client_id, iat, jti are there', async () => {
    const { accessToken, refreshToken } = await serviceWith(PROFILE).issue({ clientId: 'c' });
    const [header, claims] = parts(accessToken);
    expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    expect(claims).toMatchObject({
      iss: ISSUER,
      aud: 'https://api.example.com',
      sub: 'c',
      client_id: 'c',
      exp: expect.any(Number),
      iat: expect.any(Number),
      jti: expect.any(String),
    });
    expect(parts(refreshToken)[0]).toMatchObject({ alg: 'ES256', typ: 'JWT' });
  });

  it('section 4: accepts what it issued, again after refreshing', async () => {
    const service = serviceWith(PROFILE);
    const first = await service.issue({ clientId: 'c', claims: { site: 'north' } });
    expect(service.check(first.accessToken)).toMatchObject({ clientId: 'c' });
    const second = await service.refresh(first.refreshToken);
    expect(service.check(second.accessToken)).toMatchObject({
      claims: { sub: 'c', site: 'north', iss: ISSUER },
    });
  });

  it('section 2.2: sub is the resource owner where the application names one', async () => {
    const service = serviceWith(PROFILE);
    const first = await service.issue({ clientId: 'c', claims: { sub: 'ada' } });
    expect(parts(first.accessToken)[1]['sub']).toBe('ada');
    expect(parts((await service.refresh(first.refreshToken)).accessToken)[1]['sub']).toBe('ada');
  });

  const now = new FakeClock().seconds;
  const good = {
    iss: ISSUER,
    aud: ['https://other.example.com', 'https://api.example.com'],
    sub: 'c',
    client_id: 'c',
    type: 'access',
    jti: 'j',
    iat: now,
    exp: now + 100,
  };
  const without = (name: string): JsonObject =>
    Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  it.each<[string, JsonObject, 'at+jwt' | 'default', TokenFault]>([
    ['another issuer', { ...good, iss: 'https://evil.example.com' }, 'at+jwt', TokenFault.wrongIssuer],
    ['no issuer', without('iss'), 'at+jwt', TokenFault.wrongIssuer],
    ['another audience', { ...good, aud: 'https://other.example.com' }, 'at+jwt', TokenFault.wrongAudience],
    [
      'an audience that is no text',
      { ...good, aud: [1, 'https://api.example.com'] },
      'at+jwt',
      TokenFault.wrongAudience,
    ],
    ['no audience', without('aud'), 'at+jwt', TokenFault.wrongAudience],
    ['no sub', without('sub'), 'at+jwt', TokenFault.wrongProfile],
    ['no jti', without('jti'), 'at+jwt', TokenFault.wrongProfile],
    ['no iat', without('iat'), 'at+jwt', TokenFault.wrongProfile],
    ['typ JWT', good, 'default', TokenFault.wrongProfile],
    ['a refresh token', { ...good, type: 'refresh' }, 'default', TokenFault.wrongType],
  ])('section 4: refuses %s', async (_name, payload, accessTokenProfile, fault) => {
    const token = await new JwtCodec(keys, { accessTokenProfile }).sign(payload);
    expect(serviceWith(PROFILE).check(token)).toMatchObject({ kind: fault });
  });

  it('cannot be switched on without issuer and audience', () => {
    const load = () =>
      loadFastauthConfig(
        { configFile: false, envFile: false, accessTokenProfile: 'at+jwt', tokenFormat: 'opaque' },
        { env: {}, cwd: '.' },
      );
    expect(load).toThrow(/needs issuer[\s\S]*needs audience[\s\S]*tokenFormat is "opaque"/);
  });
});

describe('issuer and audience outside of the profile', () => {
  it('are in new tokens; a session from before goes on', async () => {
    const store = new MemoryTokenStore();
    const before = await serviceWith({}, { store }).issue({ clientId: 'c' });
    const service = serviceWith({ issuer: ISSUER, audience: ['a', 'b'] }, { store });
    expect(service.check(before.accessToken)).toMatchObject({ clientId: 'c' });
    const after = await service.refresh(before.refreshToken);
    expect(parts(after.accessToken)[1]).toMatchObject({ iss: ISSUER, aud: ['a', 'b'] });
    expect(
      serviceWith({ issuer: 'https://other.example.com', audience: ['a'] }, { store }).check(
        after.accessToken,
      ),
    ).toMatchObject({ kind: TokenFault.wrongIssuer });
    // RFC 7519 section 4.1.3: who is not named must refuse.
    expect(serviceWith({ issuer: ISSUER }, { store }).check(after.accessToken)).toMatchObject({
      kind: TokenFault.wrongAudience,
    });
  });

  it('cannot be given as claims of the application', async () => {
    await expect(serviceWith({}).issue({ claims: { aud: 'x' } })).rejects.toThrow(/aud/);
  });
});

describe('lifetimes and claims per client', () => {
  it('come after what issue is told, and before the configuration', async () => {
    const service = serviceWith(
      {},
      {
        defaults: async ({ clientId }) =>
          clientId === 'kiosk' ? { accessTokenExpiresIn: 300, claims: { zone: 'a', site: 'x' } } : {},
      },
    );
    const { seconds } = new FakeClock();
    const kiosk = await service.issue({ clientId: 'kiosk', claims: { site: 'y' } });
    expect(kiosk.accessExpiresAt - seconds).toBe(300);
    expect(parts(kiosk.accessToken)[1]).toMatchObject({ zone: 'a', site: 'y' });
    expect(
      (await service.issue({ clientId: 'kiosk', accessTokenExpiresIn: 60 })).accessExpiresAt - seconds,
    ).toBe(60);
    expect((await service.issue({ clientId: 'other' })).accessExpiresAt - seconds).toBe(2_592_000);
  });
});

describe('foreign tokens', () => {
  const secret = randomBytes(32).toString('base64');
  const foreignKey = importSecret(secret);
  const foreign = (until = new Date(Date.UTC(2031, 0, 1))): ForeignTokens => ({
    key: foreignKey,
    until,
    map: ({ sub }) => (typeof sub === 'string' ? { clientId: sub, claims: { role: 'user' } } : undefined),
  });
  const signed = async (payload: JsonObject): Promise<string> =>
    new JwtCodec(new ActiveKeyRing(new KeyRing([foreignKey])), { accessTokenProfile: 'default' }).sign(
      payload,
    );

  it('are refused unless a mapper is registered', async () => {
    const { seconds } = new FakeClock();
    const token = await signed({ sub: 'ada', iat: seconds, exp: seconds + 60 });
    expect(serviceWith({}).check(token)).toBeInstanceOf(TokenFault);
    expect(serviceWith({}, { foreign: foreign() }).check(token)).toMatchObject({
      level: 'access',
      clientId: 'ada',
      familyId: undefined,
      claims: { role: 'user' },
      expiresAt: seconds + 60,
    });
  });

  it('end with their exp and with the day that is named, and must have an exp', async () => {
    const clock = new FakeClock();
    const { seconds } = clock;
    const service = serviceWith({}, { clock, foreign: foreign(new Date((seconds + 1000) * 1000)) });
    const short = await signed({ sub: 'ada', exp: seconds + 60 });
    const long = await signed({ sub: 'ada', exp: seconds + 10_000 });
    for (const payload of [
      { sub: 'ada' },
      { sub: 'ada', exp: 1e308 },
      { sub: 'ada', exp: seconds + 60, nbf: seconds + 30 },
      { exp: seconds + 60 },
      { sub: '', exp: seconds + 60 },
    ]) {
      expect(service.check(await signed({ iat: seconds, ...payload }))).toBeInstanceOf(TokenFault);
    }
    expect(service.check(long)).toMatchObject({ expiresAt: seconds + 1000 });
    clock.advance(66);
    expect(service.check(short)).toBeInstanceOf(TokenFault);
    expect(service.check(long)).toMatchObject({ clientId: 'ada' });
    clock.advance(1000 - 66);
    expect(service.check(long)).toBeInstanceOf(TokenFault);
  });

  it('are good for nothing else: not for refreshing, introspection or revocation', async () => {
    const { seconds } = new FakeClock();
    const service = serviceWith({}, { foreign: foreign() });
    const token = await signed({ sub: 'ada', client_id: 'ada', type: 'refresh', exp: seconds + 60 });
    await expect(service.refresh(token)).rejects.toThrow('Invalid refresh token');
    expect(await service.introspect(token)).toEqual({ active: false });
    expect(await service.revokeToken(token)).toBe(false);
  });

  it('cannot share a key with the ring, where revoked tokens would come back', async () => {
    const own = keys.current.signingKey;
    expect(() => serviceWith({}, { foreign: { ...foreign(), key: own } })).toThrow(
      /also a key of the key ring/,
    );
  });
});
