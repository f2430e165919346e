import { exportSPKI, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDIENCE, TestIssuer } from '../support/issuer.js';
import { remoteTokens } from '../support/remote-tokens.js';
import { base64url, forgeToken } from '../support/token-forgery.js';

describe('tokens of other issuers', () => {
  let issuer: TestIssuer;
  let other: TestIssuer;
  let remote: ReturnType<typeof remoteTokens>;
  beforeAll(async () => {
    issuer = await TestIssuer.start({ algorithm: 'RS256' });
    other = await TestIssuer.start({ algorithm: 'RS256' });
    remote = remoteTokens({ issuer: issuer.issuer, audience: [AUDIENCE, 'orders'] });
  });
  afterAll(async () => {
    await remote.close();
    await Promise.all([issuer.stop(), other.stop()]);
  });

  const claims = (over: object = {}) => issuer.claims(remote.clock.seconds, over);
  const now = () => remote.clock.seconds;

  it('are accepted where all holds', async () => {
    const good = [
      await issuer.sign(claims()),
      await issuer.sign(claims(), { typ: 'at+jwt' }),
      await issuer.sign(claims(), { typ: 'application/at+JWT' }),
      await issuer.sign(claims(), { typ: undefined }),
      await issuer.sign(claims(), { x5t: 'c29tZSB0aHVtYnByaW50' }),
      await issuer.sign(claims({ aud: ['somebody', 'orders'] })),
      await issuer.sign(claims({ exp: now() - 4 })),
      await issuer.sign(claims({ iat: now() + 4, nbf: now() + 4 })),
      await issuer.sign(claims({ iat: undefined })),
      await issuer.sign(claims({ nonce: 'n', at_hash: 'h' }), { typ: 'at+jwt' }),
      await issuer.sign(claims({ nonce: 'n', typ: 'Bearer' })),
      await issuer.sign(claims({ token_use: 'access' })),
    ];
    for (const token of good) expect(await remote.check(token)).toMatchObject({ clientId: 'acme' });
  });

  it.each<[string, string, object]>([
    ['another issuer', 'The token is of another issuer', { iss: 'https://elsewhere.example.com' }],
    ['an issuer spelt otherwise', 'The token is of another issuer', { iss: 'SLASH' }],
    ['issuers', 'The token is of another issuer', { iss: ['ISSUER'] }],
    ['another audience', 'The token is for another audience', { aud: 'https://shipping.example.com' }],
    ['a longer audience', 'The token is for another audience', { aud: `${AUDIENCE}/x` }],
    ['no audience', 'The token is for another audience', { aud: undefined }],
    ['an audience that is no text', 'The token is for another audience', { aud: [{ 0: 'orders' }, 1] }],
    ['no expiry', 'The token has no usable expiration time', { exp: undefined }],
    ['an expiry that is text', 'The token has no usable expiration time', { exp: '9999999999' }],
    ['an endless expiry', 'The token has no usable expiration time', { exp: 1e308 }],
    ['an expiry of long ago', 'Signature has expired', { exp: 1_000_000_000 }],
    ['a beginning to come', 'The token is not yet valid', { nbf: 9_999_999_999 }],
    ['a later issuance', 'The token is not yet valid', { iat: 9_999_999_999 }],
    ['a time that is text', 'The token has an unusable time', { nbf: '0' }],
    ['an identifier that is no text', 'The token has an unusable identifier', { jti: 7 }],
    [
      'a key that it is bound to',
      'The token is bound to a key, of which there is no proof',
      { cnf: { jkt: 'x' } },
    ],
    ['the hash of an access token', 'The token is of another type', { at_hash: 'x' }],
    ['the hash of a code', 'The token is of another type', { c_hash: 'x' }],
    ['a nonce', 'The token is of another type', { nonce: 'x' }],
    ['Keycloak’s ID token type', 'The token is of another type', { typ: 'ID' }],
    ['Keycloak’s refresh token type', 'The token is of another type', { typ: 'Refresh' }],
    ['Cognito’s ID token use', 'The token is of another type', { token_use: 'id' }],
    ['our refresh token type', 'The token is of another type', { type: 'refresh' }],
    ['events of a logout', 'The token is of another type', { events: {} }],
    ['no client', 'The token has no client_id', { client_id: undefined, sub: undefined }],
    ['a client that is no text', 'The token has no client_id', { client_id: { a: 1 } }],
  ])('with %s are refused', async (_what, reason, over) => {
    const text = JSON.stringify(over).replace('SLASH', `${issuer.issuer}/`).replace('ISSUER', issuer.issuer);
    const altered = { ...over, ...(JSON.parse(text) as object) };
    expect(await remote.check(await issuer.sign(claims(altered)))).toBe(reason);
  });

  it.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWE', '', 'jwt+at'])(
    'of typ %j are refused',
    async (typ) => {
      expect(await remote.check(await issuer.sign(claims(), { typ }))).toBe('The token is of another type');
    },
  );

  it('without a signature are refused, however that is spelt', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, ['none'], undefined]) {
      for (const signature of ['', 'AAAA']) {
        const token = `${base64url({ alg, typ: 'JWT', kid: 'k1' })}.${base64url(claims())}.${signature}`;
        expect(await remote.check(token)).toEqual(expect.any(String));
      }
    }
  });

  it('signed with the public key as a secret are refused', async () => {
    const { publicJwk } = issuer.keys[0]!;
    const pem = await exportSPKI((await importJWK(publicJwk, 'RS256', { extractable: true })) as never);
    for (const secret of [pem, pem.trim(), JSON.stringify(publicJwk), publicJwk.n as string, '']) {
      const token = forgeToken({ alg: 'HS256', typ: 'JWT', kid: 'k1' }, claims(), { secret });
      expect(await remote.check(token)).toBe('The specified alg value is not allowed');
    }
  });

  it('signed by others, altered, or of another algorithm are refused', async () => {
    const good = await issuer.sign(claims());
    const [header = '', payload = '', signature = ''] = good.split('.');
    const changed = base64url({ ...claims(), client_id: 'admin' });
    expect(await remote.check(`${header}.${changed}.${signature}`)).toBe('Signature verification failed');
    expect(await remote.check(await other.sign(claims()))).toBe('Signature verification failed');
    expect(await remote.check(`${header}.${payload}.${signature.slice(0, -4)}AAAA`)).toBe(
      'Signature verification failed',
    );
    const wrong = `${base64url({ alg: 'PS256', kid: 'k1' })}.${payload}.${signature}`;
    expect(await remote.check(wrong)).toEqual(expect.any(String));
    expect(await remote.check(`${good}.`)).toBe('Invalid token format');
    expect(await remote.check(`${good}=`)).toBe('Invalid token format');
    expect(await remote.check(` ${good}`)).toBe('Invalid token format');
    expect(await remote.check('x'.repeat(8193))).toBe('The token is too long');
    expect(await remote.check('not-a-token')).toBe('Invalid token format');
  });

  it.each(['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'])(
    'with %s in the header are refused, and nobody is called',
    async (name) => {
      const before = issuer.calls.length + other.calls.length;
      const header = base64url({ alg: 'RS256', kid: 'k1', [name]: `${other.url}/jwks` });
      expect(await remote.check(`${header}.${base64url(claims())}.AAAA`)).toBe('Invalid token header');
      expect(issuer.calls.length + other.calls.length).toBe(before);
    },
  );

  it('of duplicate members are refused', async () => {
    const key = issuer.keys[0]!;
    const header = base64url({ alg: 'RS256', kid: 'k1' });
    const payload = base64url(JSON.stringify(claims()).replace('{', '{"client_id":"admin",'));
    const { privateKey } = key;
    const bytes = await crypto.subtle.sign(
      'RSASSA-PKCS1-v1_5',
      privateKey,
      Buffer.from(`${header}.${payload}`),
    );
    expect(await remote.check(`${header}.${payload}.${Buffer.from(bytes).toString('base64url')}`)).toBe(
      'Invalid token payload',
    );
  });

  it('cost a stranger nothing that is kept: bad ones drive out no good one', async () => {
    const good = await issuer.sign(claims({ jti: 'kept' }));
    await remote.check(good);
    const { hits } = remote.tokens.cacheLookups;
    const header = base64url({ alg: 'RS256', typ: 'JWT', kid: 'k1' });
    for (let n = 0; n < 500; n++) await remote.check(`${header}.${base64url(claims({ n }))}.AAAA`);
    await remote.check(good);
    expect(remote.tokens.cacheLookups.hits).toBe(hits + 1);
  });

  it('make principals that nobody can change', async () => {
    const principal = await remote.check(await issuer.sign(claims({ deep: { list: [{}] }, scope: 'a b' })));
    if (typeof principal === 'string') throw new Error(principal);
    const open: unknown[] = [principal];
    while (open.length > 0) {
      const value = open.pop();
      if (typeof value !== 'object' || value === null) continue;
      expect(Object.isFrozen(value)).toBe(true);
      open.push(...Object.values(value));
    }
  });

  it('end by the clock, and with the tolerance between clocks', async () => {
    const token = await issuer.sign(claims({ exp: now() + 10, jti: 'ending' }));
    expect(await remote.check(token)).toMatchObject({ expiresAt: now() + 10 });
    remote.clock.advance(14);
    expect(await remote.check(token)).toMatchObject({ clientId: 'acme' });
    remote.clock.advance(1);
    expect(await remote.check(token)).toBe('Signature has expired');
    expect(await remote.check(token)).toBe('Signature has expired');
  });
});
