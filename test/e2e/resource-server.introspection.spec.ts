import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IssuerUnavailableError } from '../../src/errors.js';
import type { TrustedIssuer } from '../../src/resource-server/trusted-issuer.js';
import { AUDIENCE, TestIssuer } from '../support/issuer.js';
import { remoteTokens } from '../support/remote-tokens.js';

const CREDENTIALS = { clientId: 'orders & co', clientSecret: 'a secret: with %, + and ü' };

describe('introspection by a resource server', () => {
  let issuer: TestIssuer;
  let remote: ReturnType<typeof remoteTokens>;
  beforeEach(async () => {
    issuer = await TestIssuer.start();
    use({});
  });
  afterEach(async () => {
    await remote.close();
    await issuer.stop();
  });

  /** Verifies by an issuer that is set up so. */
  function use(given: Partial<TrustedIssuer>): void {
    const introspection = { ...CREDENTIALS, ...given.introspection };
    remote = remoteTokens({ issuer: issuer.issuer, audience: AUDIENCE, ...given, introspection });
  }
  const good = (claims: object = {}) => ({
    active: true,
    token_type: 'Bearer',
    ...issuer.claims(remote.clock.seconds, claims),
  });
  const asked = () => issuer.introspections.length;

  it('sends the credentials form-encoded, and the token in the body', async () => {
    issuer.tokens.set('opaque', good({ scope: 'orders:read orders:write', auth_time: 1_000_000_000 }));
    const principal = await remote.check('opaque');
    expect(principal).toMatchObject({
      level: 'access',
      clientId: 'acme',
      scopes: ['orders:read', 'orders:write'],
      authTime: 1_000_000_000,
      claims: { sub: 'user-1' },
    });
    expect(principal).not.toHaveProperty('claims.active');
    const [{ authorization, form }] = issuer.introspections as never as [(typeof issuer.introspections)[0]];
    expect(Object.fromEntries(form)).toEqual({ token: 'opaque', token_type_hint: 'access_token' });
    const sent = Buffer.from((authorization ?? '').replace('Basic ', ''), 'base64').toString();
    expect(sent).toBe('orders+%26+co:a+secret%3A+with+%25%2C+%2B+and+%C3%BC');
    expect(issuer.calls).toEqual(['GET /.well-known/oauth-authorization-server', 'POST /introspect']);
  });

  it('asks once for all who come with one token, and again after the stated time', async () => {
    issuer.tokens.set('opaque', good());
    await Promise.all(Array.from({ length: 50 }, () => remote.check('opaque')));
    expect(asked()).toBe(1);
    remote.clock.advance(9);
    await remote.check('opaque');
    expect(asked()).toBe(1);
    issuer.tokens.delete('opaque');
    remote.clock.advance(1);
    expect(await remote.check('opaque')).toBe('The token is not current');
    expect(asked()).toBe(2);
    // An answer that it is not good counts for as long.
    remote.clock.advance(9);
    expect(await remote.check('opaque')).toBe('The token is not current');
    expect(asked()).toBe(2);
  });

  it('never remembers a token beyond its end', async () => {
    use({ introspection: { ...CREDENTIALS, cacheFor: 3600 } });
    issuer.tokens.set('opaque', good({ exp: remote.clock.seconds + 30 }));
    await remote.check('opaque');
    remote.clock.advance(34);
    expect(await remote.check('opaque')).toMatchObject({ clientId: 'acme' });
    remote.clock.advance(1);
    expect(await remote.check('opaque')).toBe('Signature has expired');
    expect(asked()).toBe(1);
  });

  it('asks each time where nothing shall be remembered', async () => {
    use({ introspection: { ...CREDENTIALS, cacheFor: 0 } });
    issuer.tokens.set('opaque', good());
    for (let n = 0; n < 3; n++) expect(await remote.check('opaque')).toMatchObject({ clientId: 'acme' });
    issuer.tokens.delete('opaque');
    expect(await remote.check('opaque')).toBe('The token is not current');
    expect(asked()).toBe(4);
  });

  it.each<[string, string, object]>([
    ['is not active', 'The token is not current', { active: false }],
    ['names another audience', 'The token is for another audience', { aud: 'others' }],
    ['names another issuer', 'The token is of another issuer', { iss: 'https://elsewhere.example.com' }],
    ['tells no end', 'The token has no usable expiration time', { exp: undefined }],
    ['is over', 'Signature has expired', { exp: 1_000_000_000 }],
    ['is of a token that is not Bearer', 'The token is of another type', { token_type: 'DPoP' }],
    [
      'is of a refresh token of ours',
      'The token is of another type',
      { token_type: undefined, type: 'refresh' },
    ],
    ['is of a refresh token of Hydra', 'The token is of another type', { token_use: 'refresh_token' }],
    ['is of a bound token', 'The token is bound to a key, of which there is no proof', { cnf: {} }],
  ])('refuses what the issuer says of it: it %s', async (_what, reason, over) => {
    issuer.tokens.set('opaque', { ...good(), ...over });
    expect(await remote.check('opaque')).toBe(reason);
  });

  it('may leave the audience to the issuer', async () => {
    use({ audience: undefined });
    issuer.tokens.set('opaque', good({ aud: undefined }));
    expect(await remote.check('opaque')).toMatchObject({ clientId: 'acme' });
  });

  it('lets nobody in while the issuer is away, and leaves it alone after five failures', async () => {
    issuer.tokens.set('opaque', good());
    issuer.tokens.set('later', good());
    await remote.check('opaque');
    let isAway = true;
    let calls = 0;
    issuer.answer = (_request, response) => {
      if (!isAway) return false;
      calls++;
      response.writeHead(502).end();
      return true;
    };
    expect(await remote.check('opaque')).toMatchObject({ clientId: 'acme' });
    for (let n = 0; n < 20; n++) {
      await expect(Promise.resolve(remote.tokens.check('later'))).rejects.toBeInstanceOf(
        IssuerUnavailableError,
      );
    }
    expect(calls).toBe(5);
    remote.clock.advance(10);
    await expect(Promise.resolve(remote.tokens.check('opaque'))).rejects.toMatchObject({
      status: 503,
      code: 'store_unavailable',
    });
    isAway = false;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await remote.check('later')).toMatchObject({ clientId: 'acme' });
  });

  it.each<[string, number, string]>([
    ['does not know the credentials', 401, 'does not let the client of `introspection` introspect tokens'],
    ['forbids it', 403, 'does not let the client of `introspection` introspect tokens'],
    ['redirects', 307, 'redirects are not followed'],
    ['has no such endpoint', 404, 'status 404'],
  ])('lets nobody in where the issuer %s, and says so to operators alone', async (_what, status, reason) => {
    issuer.answer = (request, response) => {
      if (request.url !== '/introspect') return false;
      response.writeHead(status, { Location: 'http://127.0.0.1:1/' }).end();
      return true;
    };
    const failure: unknown = await Promise.resolve(remote.tokens.check('opaque')).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(IssuerUnavailableError);
    expect((failure as Error).message).toContain(reason);
    expect((failure as Error).message).not.toMatch(/secret:|opaque/);
    expect((failure as IssuerUnavailableError).publicMessage).not.toContain('introspect');
  });

  it('lets nobody in by an answer that does not say whether the token is active', async () => {
    issuer.tokens.set('opaque', { ...good(), active: 'true' });
    await expect(Promise.resolve(remote.tokens.check('opaque'))).rejects.toBeInstanceOf(
      IssuerUnavailableError,
    );
  });

  it('does not wait for a slow issuer longer than the time limit', async () => {
    use({ timeout: 0.3 });
    issuer.answer = (request) => request.url === '/introspect';
    const begun = performance.now();
    await expect(Promise.resolve(remote.tokens.check('opaque'))).rejects.toThrow('time limit');
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('sends no token to an issuer that the token does not name', async () => {
    const other = await TestIssuer.start();
    const token = await other.sign(other.claims(remote.clock.seconds));
    expect(await remote.check(token)).toBe('The token is of another issuer');
    expect(asked()).toBe(0);
    await other.stop();
  });

  it('is the business of one issuer of several where a token names none', async () => {
    const other = await TestIssuer.start();
    const byKeys = { issuer: other.issuer, audience: AUDIENCE };
    const byAsking = { issuer: issuer.issuer, audience: AUDIENCE, introspection: CREDENTIALS };
    const both = remoteTokens(byKeys, byAsking);
    issuer.tokens.set('opaque', good());
    expect(await both.check('opaque')).toMatchObject({ clientId: 'acme' });
    expect(
      await both.check(await other.sign(other.claims(both.clock.seconds, { client_id: 'other' }))),
    ).toMatchObject({ clientId: 'other' });
    expect(asked()).toBe(1);
    await both.close();
    const twice = remoteTokens(byAsking, { ...byAsking, issuer: other.issuer });
    expect(await twice.check('opaque')).toBe('Invalid token format');
    expect(asked()).toBe(1);
    await twice.close();
    await other.stop();
  });
});
