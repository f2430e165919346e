import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IssuerUnavailableError } from '../../src/errors.js';
import { AUDIENCE, sendJson, TestIssuer } from '../support/issuer.js';
import { remoteTokens } from '../support/remote-tokens.js';

describe('the keys of an issuer', () => {
  let issuer: TestIssuer;
  let remote: ReturnType<typeof remoteTokens>;
  beforeEach(async () => {
    issuer = await TestIssuer.start();
    remote = remoteTokens({ issuer: issuer.issuer, audience: AUDIENCE });
  });
  afterEach(async () => {
    await remote.close();
    await issuer.stop();
  });

  const token = (claims: object = {}, header = {}, index = -1) =>
    issuer.sign(issuer.claims(remote.clock.seconds, claims), header, index);
  const unknown = (kid: string) => token({}, { kid });

  it('are fetched once, however many tokens wait for them', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => token({ jti: `t${n}` })));
    const principals = await Promise.all(tokens.map((text) => remote.check(text)));
    expect(principals).toEqual(tokens.map(() => expect.objectContaining({ clientId: 'acme' })));
    expect(issuer.calls).toEqual(['GET /.well-known/oauth-authorization-server', 'GET /jwks']);
  });

  it('are found by OpenID Connect Discovery, too, below the path of the issuer', async () => {
    await remote.close();
    issuer.path = '/realms/shop';
    issuer.answer = (request, response) => {
      if (request.url !== '/realms/shop/.well-known/openid-configuration')
        return request.url !== '/jwks' && notFound(response);
      sendJson(response, { issuer: issuer.issuer, jwks_uri: `${issuer.url}/jwks` });
      return true;
    };
    remote = remoteTokens({ issuer: issuer.issuer, audience: AUDIENCE });
    expect(await remote.check(await token())).toMatchObject({ clientId: 'acme' });
    expect(issuer.calls[0]).toBe('GET /.well-known/oauth-authorization-server/realms/shop');
  });

  it('are taken from jwksUri without metadata', async () => {
    await remote.close();
    remote = remoteTokens({ issuer: issuer.issuer, audience: AUDIENCE, jwksUri: `${issuer.url}/jwks` });
    expect(await remote.check(await token())).toMatchObject({ clientId: 'acme' });
    expect(issuer.calls).toEqual(['GET /jwks']);
  });

  it('are not those that metadata of another issuer names', async () => {
    issuer.answer = (request, response) => {
      if (!request.url?.startsWith('/.well-known')) return false;
      sendJson(response, { issuer: `${issuer.issuer}/`, jwks_uri: `${issuer.url}/jwks` });
      return true;
    };
    await expect(remote.tokens.check(await token())).rejects.toThrow('of another issuer');
    expect(issuer.countOf('GET /jwks')).toBe(0);
  });

  it('are fetched again for an unknown one, once in ten seconds whoever asks', async () => {
    expect(await remote.check(await token())).toMatchObject({ clientId: 'acme' });
    for (let n = 0; n < 50; n++) {
      expect(await remote.check(await unknown(`made-up-${n}`))).toBe(
        'The token is signed with an unknown key',
      );
    }
    expect(issuer.countOf('GET /jwks')).toBe(2);
    remote.clock.advance(10);
    await Promise.all(Array.from({ length: 50 }, async (_, n) => remote.check(await unknown(`more-${n}`))));
    expect(issuer.countOf('GET /jwks')).toBe(3);
  });

  it('are not fetched again for a token that came before they were', async () => {
    expect(await remote.check(await unknown('made-up'))).toBe('The token is signed with an unknown key');
    expect(issuer.countOf('GET /jwks')).toBe(1);
  });

  it('may change at any time: no token of a new key is refused, none of a removed one accepted', async () => {
    const first = await token();
    expect(await remote.check(first)).toMatchObject({ clientId: 'acme' });
    await issuer.addKey('k2');
    const second = await token();
    expect(await remote.check(second)).toMatchObject({ clientId: 'acme' });
    issuer.keys.shift();
    remote.clock.advance(301);
    // The keys are renewed meanwhile, for the next one.
    await remote.check(second);
    await until(() => issuer.countOf('GET /jwks') === 3);
    await until(async () => (await remote.check(first)) === 'The token is signed with an unknown key');
    expect(await remote.check(await token({}, { kid: 'k1' }))).toBe(
      'The token is signed with an unknown key',
    );
    expect(await remote.check(await token())).toMatchObject({ clientId: 'acme' });
  });

  it('refuse a token of a removed key that was remembered', async () => {
    const first = await token({ exp: remote.clock.seconds + 10_000 });
    expect(await remote.check(first)).toMatchObject({ clientId: 'acme' });
    await issuer.addKey('k2');
    issuer.keys.shift();
    // Longer than a renewal is due: nobody is let in by old keys after a quiet night.
    remote.clock.advance(3600);
    expect(await remote.check(first)).toBe('The token is signed with an unknown key');
  });

  it('are kept as long as the issuer says, between half a minute and ten', async () => {
    let maxAge = '60';
    issuer.answer = (request, response) => {
      if (request.url !== '/jwks') return false;
      sendJson(
        response,
        { keys: issuer.keys.map(({ publicJwk }) => publicJwk) },
        { 'Cache-Control': `public, max-age=${maxAge}` },
      );
      return true;
    };
    const good = await token({ exp: remote.clock.seconds + 10_000 });
    await remote.check(good);
    remote.clock.advance(59);
    await remote.check(good);
    expect(issuer.countOf('GET /jwks')).toBe(1);
    maxAge = '0';
    remote.clock.advance(1);
    await remote.check(good);
    await until(() => issuer.countOf('GET /jwks') === 2);
    await remote.tokens.ping();
    remote.clock.advance(29);
    await remote.check(good);
    expect(issuer.countOf('GET /jwks')).toBe(2);
  });

  it('go on for a day while the issuer is away', async () => {
    const good = await token({ exp: remote.clock.seconds + 200_000 });
    await remote.check(good);
    const port = Number(new URL(issuer.url).port);
    await issuer.stop();
    for (const seconds of [301, 3600, 80_000]) {
      remote.clock.advance(seconds);
      expect(await remote.check(good)).toMatchObject({ clientId: 'acme' });
      expect(await remote.check(await token({ jti: `${seconds}` }))).toMatchObject({ clientId: 'acme' });
      expect(await remote.check(await unknown('made-up'))).toBe('The token is signed with an unknown key');
    }
    remote.clock.advance(3600);
    await expect(remote.tokens.check(good)).rejects.toBeInstanceOf(IssuerUnavailableError);
    await issuer.listen(port);
    remote.clock.advance(1);
    expect(await remote.check(good)).toMatchObject({ clientId: 'acme' });
  });

  it('that are not there let nobody in, and the issuer is asked once a second', async () => {
    const good = await token();
    const port = Number(new URL(issuer.url).port);
    await issuer.stop();
    for (let n = 0; n < 20; n++) {
      await expect(Promise.resolve(remote.tokens.check(good))).rejects.toMatchObject({
        status: 503,
        publicMessage: 'The issuer of the tokens is not available. Try again later.',
      });
    }
    await issuer.listen(port);
    await expect(Promise.resolve(remote.tokens.check(good))).rejects.toThrow('ECONNREFUSED');
    remote.clock.advance(1);
    expect(await remote.check(good)).toMatchObject({ clientId: 'acme' });
  });

  it.each([
    ['slow', 'did not answer within the time limit', () => true],
    [
      'drip by drip',
      'did not answer within the time limit',
      (_: unknown, response: import('node:http').ServerResponse) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(drip));
        return true;
      },
    ],
    [
      'huge',
      'more than 128 KiB',
      (_: unknown, response: import('node:http').ServerResponse) => {
        response.writeHead(200).end(`{"keys":[],"x":"${'x'.repeat(10_000_000)}"}`);
        return true;
      },
    ],
    [
      'redirecting',
      'redirects are not followed',
      (_: unknown, response: import('node:http').ServerResponse) => {
        response.writeHead(302, { Location: 'http://127.0.0.1:1/jwks' }).end();
        return true;
      },
    ],
    [
      'not JSON',
      'something else than a JSON object',
      (_: unknown, response: import('node:http').ServerResponse) => {
        response.writeHead(200).end('[]');
        return true;
      },
    ],
    [
      'of secrets',
      'no key that can be used',
      (_: unknown, response: import('node:http').ServerResponse) => {
        sendJson(response, { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'k1', alg: 'HS256' }] });
        return true;
      },
    ],
  ])('whose answer is %s are no keys', async (_what, reason, answer) => {
    await remote.close();
    remote = remoteTokens({
      issuer: issuer.issuer,
      audience: AUDIENCE,
      jwksUri: `${issuer.url}/jwks`,
      timeout: 0.4,
    });
    issuer.answer = answer;
    const begun = performance.now();
    await expect(Promise.resolve(remote.tokens.check(await token()))).rejects.toThrow(reason);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('work without names, and with several of one name', async () => {
    for (const { publicJwk } of issuer.keys) delete publicJwk.kid;
    expect(await remote.check(await token({}, { kid: undefined }))).toMatchObject({ clientId: 'acme' });
    await issuer.addKey('k1');
    expect(await remote.check(await token({}, { kid: undefined }))).toMatchObject({ clientId: 'acme' });
    await issuer.addKey('k1');
    remote.clock.advance(1000);
    expect(await remote.check(await token({ jti: 'third' }))).toMatchObject({ clientId: 'acme' });
    expect(await remote.check(await token({ jti: 'second' }, {}, 1))).toMatchObject({ clientId: 'acme' });
  });
});

function notFound(response: import('node:http').ServerResponse): true {
  response.writeHead(404).end();
  return true;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 3000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('It did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
