import { expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describeServerPairs } from '../support/server-pairs.js';

jest.setTimeout(120_000);

const TRIALS = 50;
const ISSUER = 'https://auth.example.com';
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const { privateKey, publicKey } = await generateKeyPair('ES256');

const settings = async () => ({
  issuer: ISSUER,
  clients: [{ clientId: 'signer', publicKeys: [await exportJWK(publicKey)] }],
  failedAttemptsPerClient: 100_000,
});

/** @see RFC 7523 section 3, item 7 */
await describeServerPairs('assertions of clients', settings, ({ urls }) => {
  const sign = (): Promise<string> =>
    new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('signer')
      .setSubject('signer')
      .setAudience(ISSUER)
      .setExpirationTime('1m')
      .sign(privateKey);

  async function present(url: string, assertion: string): Promise<string> {
    const answer = await fetch(`${url}/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion: assertion,
        client_assertion_type: JWT_BEARER,
      }),
    });
    const { error = 'granted' } = (await answer.json()) as { error?: string };
    return error;
  }

  it(`one assertion, at two processes in the same instant: one grant, ${TRIALS} times`, async () => {
    const [one = '', other = ''] = urls;
    const grantedBy = new Set<number>();
    for (let trial = 0; trial < TRIALS; trial++) {
      const assertion = await sign();
      // Another one is asked first each time, and each is asked twice.
      const order = trial % 2 === 0 ? [one, other, one, other] : [other, one, other, one];
      const outcomes = await Promise.all(order.map((url) => present(url, assertion)));
      expect([...outcomes].sort()).toEqual(['granted', 'invalid_client', 'invalid_client', 'invalid_client']);
      grantedBy.add(urls.indexOf(order[outcomes.indexOf('granted')] ?? ''));
      expect(await present(one, assertion)).toBe('invalid_client');
      expect(await present(other, assertion)).toBe('invalid_client');
    }
    // Both took part.
    expect(grantedBy).toEqual(new Set([0, 1]));
  });
});
