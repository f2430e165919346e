import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { ADAPTERS, type Answer, startApp, type TestApp } from '../support/app.js';
import { basic, secretHashOf, secretOf } from '../support/oauth-clients.js';

const ISSUER = 'https://auth.example.com';
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

describe.each(ADAPTERS)('RFC 7523, JWTs for client authentication, on %s', (adapter) => {
  let app: TestApp;
  let key: CryptoKey;
  let foreign: CryptoKey;
  beforeAll(async () => {
    const pairs = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
    const [publicKey, otherPublic] = await Promise.all(pairs.map((pair) => exportJWK(pair.publicKey)));
    key = pairs[0].privateKey;
    foreign = pairs[1].privateKey;
    app = await startApp({
      adapter,
      fastauth: {
        issuer: ISSUER,
        failedAttemptsPerClient: 1000,
        clients: [
          { clientId: 'signer', publicKeys: [{ ...publicKey }], introspect: true },
          { clientId: 'other', publicKeys: [{ ...otherPublic }] },
          { clientId: 'gone', publicKeys: [{ ...publicKey }], enabled: false },
          { clientId: 'secretive', secretHashes: [secretHashOf(secretOf('secretive'))] },
        ],
      },
    });
  });
  afterAll(() => app.close());

  const claims = (more: object = {}): Record<string, unknown> => ({
    iss: 'signer',
    sub: 'signer',
    aud: ISSUER,
    jti: randomUUID(),
    exp: app.clock.seconds + 60,
    ...more,
  });
  const sign = (more: object = {}, by = key, header: object = {}): Promise<string> =>
    new SignJWT(claims(more)).setProtectedHeader({ alg: 'ES256', ...header }).sign(by);
  const form = (assertion: string, more = '', type = JWT_BEARER): string =>
    `client_assertion=${assertion}&client_assertion_type=${encodeURIComponent(type)}${more}`;
  const grant = (assertion: string, more = '', type = JWT_BEARER, headers = {}): Promise<Answer> =>
    app.post('/auth/token', form(assertion, `&grant_type=client_credentials${more}`, type), headers);
  const told = ({ status, body }: Answer) => ({ status, error: body?.error });
  const REFUSED = { status: 401, error: 'invalid_client' };
  const INVALID = { status: 400, error: 'invalid_request' };

  it('2.2 takes an assertion of the client, by itself or beside its client_id', async () => {
    expect((await grant(await sign())).body).toMatchObject({ token_type: 'Bearer' });
    expect((await grant(await sign(), '&client_id=signer')).status).toBe(200);
  });

  it('2.2 takes it at the introspection and the revocation endpoint', async () => {
    const { access_token: token } = (await grant(await sign())).body;
    const state = await app.post('/auth/token/introspect', form(await sign(), `&token=${token}`));
    expect(state.body).toMatchObject({ active: true, client_id: 'signer' });
    const assertion = await sign();
    expect((await app.post('/auth/token/revoke', form(assertion, `&token=${token}`))).text).toBe('{}');
    const again = await app.post('/auth/token/introspect', form(await sign(), `&token=${token}`));
    expect(again.body).toEqual({ active: false });
    // What one endpoint has seen is no good at the others.
    for (const path of ['/auth/token/introspect', '/auth/token/revoke'])
      expect(told(await app.post(path, form(assertion, `&token=${token}`)))).toEqual(REFUSED);
    expect(told(await grant(assertion))).toEqual(REFUSED);
  });

  it.each<[string, object]>([
    ['1 without an issuer', { iss: undefined }],
    ['1 of another issuer', { iss: 'other' }],
    ['2 without a subject', { sub: undefined }],
    ['2 of another client as subject', { sub: 'other' }],
    ['2 of an unknown client', { iss: 'nobody', sub: 'nobody' }],
    ['2 of a client spelt otherwise', { iss: 'Signer', sub: 'Signer' }],
    ['3 without an audience', { aud: undefined }],
    ['3 for another audience', { aud: 'https://other.example.com' }],
    ['3 for the token endpoint', { aud: `${ISSUER}/auth/token` }],
    ['3 for the issuer with a slash', { aud: `${ISSUER}/` }],
    ['3 for others, too', { aud: [ISSUER, 'https://other.example.com'] }],
    ['4 without an end', { exp: undefined }],
    ['4 past its end', { exp: 1 }],
    ['4 with a text as its end', { exp: '9999999999' }],
    ['5 not valid yet', { nbf: 9_999_999_999 }],
    ['6 issued in the future', { iat: 9_999_999_999 }],
    ['7 without an identifier', { jti: undefined }],
    ['7 with an empty identifier', { jti: '' }],
    ['7 with a number as identifier', { jti: 7 }],
  ])('3.%s', async (_what, more) => {
    expect(told(await grant(await sign(more)))).toEqual(REFUSED);
  });

  it('3.4 refuses one that lasts for longer than an hour', async () => {
    expect(told(await grant(await sign({ exp: app.clock.seconds + 2 * 3600 })))).toEqual(REFUSED);
    expect((await grant(await sign({ exp: app.clock.seconds + 3600 }))).status).toBe(200);
  });

  it('3.7 takes one once, with any spelling of its signature', async () => {
    const assertion = await sign();
    expect((await grant(assertion)).status).toBe(200);
    expect(told(await grant(assertion))).toEqual(REFUSED);
    expect(
      told(await grant(await sign({ jti: JSON.parse(atob(assertion.split('.')[1] ?? '')).jti }))),
    ).toEqual(REFUSED);
  });

  it('3.9 refuses what is not signed by a key of the client', async () => {
    const secret = new TextEncoder().encode(secretOf('secretive'));
    const hmac = await new SignJWT(claims({ iss: 'secretive', sub: 'secretive' }))
      .setProtectedHeader({ alg: 'HS256' })
      .sign(secret);
    const unsigned = new UnsecuredJWT(claims()).encode();
    const good = await sign();
    for (const assertion of [
      await sign({}, foreign),
      await sign({ iss: 'other', sub: 'other' }),
      `${good.slice(0, -4)}AAAA`,
      `${good.split('.').slice(0, 2).join('.')}.`,
      unsigned,
      hmac,
      '',
      'a.b.c',
      'x'.repeat(10_000),
    ]) {
      expect(told(await grant(assertion))).toEqual(REFUSED);
    }
  });

  it('3.2 answers as to any other failure, with a disabled client, too', async () => {
    const answers = [
      await grant(await sign({}, foreign)),
      await grant(await sign({ iss: 'gone', sub: 'gone' })),
      await grant(await sign({ iss: 'nobody', sub: 'nobody' })),
    ];
    for (const answer of answers) {
      expect(told(answer)).toEqual(REFUSED);
      expect(answer.body).toEqual(answers[0]?.body);
    }
  });

  it('2.2 refuses another client_id, another type of assertion, and another way beside it', async () => {
    expect(told(await grant(await sign(), '&client_id=other'))).toEqual(REFUSED);
    expect(
      told(await grant(await sign(), '', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer')),
    ).toEqual(INVALID);
    expect(told(await grant(await sign(), '&client_secret=x&client_id=signer'))).toEqual(INVALID);
    expect(told(await grant(await sign(), '', JWT_BEARER, basic('signer', 'x')))).toEqual(INVALID);
    expect(
      told(await app.post('/auth/token', `grant_type=client_credentials&client_assertion=${await sign()}`)),
    ).toEqual(INVALID);
    const twice = `${form(await sign())}&client_assertion=${await sign()}&grant_type=client_credentials`;
    expect(told(await app.post('/auth/token', twice))).toEqual(INVALID);
    expect(told(await app.post(`/auth/token?client_assertion=${await sign()}`, form(await sign())))).toEqual(
      INVALID,
    );
  });

  it('2.2 is the way of clients that are registered for it alone', async () => {
    expect(
      told(await app.post('/auth/token', 'grant_type=client_credentials', basic('signer', 'x'))),
    ).toEqual(REFUSED);
  });

  it('2.1 is no grant', async () => {
    const answer = await grant(await sign()).then(async () =>
      app.post(
        '/auth/token',
        form(
          await sign(),
          `&grant_type=${encodeURIComponent('urn:ietf:params:oauth:grant-type:jwt-bearer')}`,
        ),
      ),
    );
    expect(told(answer)).toEqual({ status: 400, error: 'unsupported_grant_type' });
  });
});
