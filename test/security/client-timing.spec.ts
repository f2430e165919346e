import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { clientSample } from 'nestjs-fastauth/store-contract';
import { ClientAuthenticator } from '../../src/clients/client-authenticator.js';
import type { ClientCredentials } from '../../src/clients/client-credentials.js';
import { DECOY_KEYS } from '../../src/clients/decoy-keys.js';
import { ClientRegistry } from '../../src/clients/client-registry.js';
import { clientSecretHash } from '../../src/config/client-secret.js';
import { SystemClock } from '../../src/clock.js';
import type { AttemptLimiter } from '../../src/limits/attempt-limiter.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/**
 * Whether the time of a refusal tells that a client exists. Secrets are so long that hashing them is most of the work,
 * so that whoever leaves it out for some clients is found; the last tests show that.
 */
const SECRET_LENGTH = 60_000;
const SAMPLES = 300;
const ROUNDS = 5;
const MOST_APART = 1.25;
const ISSUER = 'https://auth.example.com';
const WRONG = 'x'.repeat(SECRET_LENGTH);

type Attempt = () => Promise<unknown>;

/** How many times as long the slowest kind of attempt takes; the least of several rounds, since the machine disturbs some. */
async function apart(attempts: readonly Attempt[]): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const times = attempts.map((): number[] => []);
    for (let sample = 0; sample < SAMPLES; sample++) {
      for (let n = 0; n < attempts.length; n++) {
        const index = (n + sample) % attempts.length;
        const startedAt = performance.now();
        await (attempts[index] as Attempt)().catch(() => undefined);
        (times[index] as number[]).push(performance.now() - startedAt);
      }
    }
    const middles = times.map((all) => all.sort((a, b) => a - b)[all.length >> 1] as number);
    least = Math.min(least, Math.max(...middles) / Math.min(...middles));
  }
  return least;
}

describe('the time of a refused client', () => {
  let store: LmdbTokenStore;
  let authenticator: ClientAuthenticator;
  let registry: ClientRegistry;
  const reads: string[] = [];

  beforeAll(async () => {
    store = new LmdbTokenStore({ folder: join(temporaryFolder(), 'store') });
    await store.open();
    const { publicKey } = await generateKeyPair('ES256');
    const publicKeys = [{ ...(await exportJWK(publicKey)) }];
    const secretHashes = [clientSecretHash('y'.repeat(SECRET_LENGTH))];
    for (const isEnabled of [true, false]) {
      const name = isEnabled ? 'known' : 'disabled';
      await store.clients.insert(clientSample({ clientId: `${name}-secret`, secretHashes, isEnabled }));
      await store.clients.insert(
        clientSample({
          clientId: `${name}-key`,
          authenticationMethod: 'private_key_jwt',
          secretHashes: [],
          publicKeys,
          isEnabled,
        }),
      );
    }
    registry = new ClientRegistry({ clients: [], tokenEndpoint: true }, store);
    const find = registry.find.bind(registry);
    registry.find = (clientId) => (reads.push(clientId), find(clientId));
    // Nobody has to wait, however often it fails.
    const limiter = { refused: () => undefined, failed: () => undefined } as unknown as AttemptLimiter;
    const config = { issuer: ISSUER, clockTolerance: 0 };
    authenticator = new ClientAuthenticator(config, registry, limiter, new SystemClock());
  });
  afterAll(async () => {
    await store.close();
    removeTemporaryFolders();
  });

  const attempt =
    (credentials: ClientCredentials): Attempt =>
    () =>
      authenticator.authenticate(credentials, { socket: {}, headers: {} } as never);
  const bySecret = (clientId: string): Attempt =>
    attempt({ method: 'client_secret_basic', clientId, secret: WRONG });
  async function byKey(clientId: string, alg = 'ES256', key?: CryptoKey): Promise<Attempt> {
    const privateKey = key ?? (await generateKeyPair(alg)).privateKey;
    const assertion = await new SignJWT({ jti: 'once' })
      .setProtectedHeader({ alg })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(ISSUER)
      .setExpirationTime('1h')
      .sign(privateKey);
    return attempt({ method: 'private_key_jwt', clientId: undefined, assertion });
  }

  it('does not tell by a wrong secret whether there is such a client, or whether it is disabled', async () => {
    const attempts = ['known-secret', 'disabled-secret', 'unknown-client', 'known-key'].map(bySecret);
    expect(await apart(attempts)).toBeLessThan(MOST_APART);
  });

  it('does not tell by a wrong assertion either', async () => {
    const names = ['known-key', 'disabled-key', 'unknown-ke1', 'known-secret'];
    expect(await apart(await Promise.all(names.map((name) => byKey(name))))).toBeLessThan(MOST_APART);
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('refuses %s of whom it does not know', async (alg) => {
    await expect((await byKey('unknown-client', alg))()).rejects.toMatchObject({ error: 'invalid_client' });
  });

  it('refuses what the published key signs that stands in for those of unknown clients', async () => {
    // RFC 7515 appendix A.3.1
    const d = 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI';
    const key = (await importJWK({ ...DECOY_KEYS.ES256, d }, 'ES256')) as CryptoKey;
    for (const name of ['unknown-client', 'known-secret', 'known-key'])
      await expect((await byKey(name, 'ES256', key))()).rejects.toMatchObject({ error: 'invalid_client' });
  });

  it('reads the store once, whoever is named', async () => {
    for (const act of [bySecret('known-secret'), bySecret('unknown-client'), bySecret('disabled-secret')]) {
      reads.length = 0;
      await act().catch(() => undefined);
      expect(reads).toHaveLength(1);
    }
  });

  it('would tell if unknown clients were refused at once', async () => {
    const hasty =
      (clientId: string, act: Attempt): Attempt =>
      async () =>
        (await registry.find(clientId)) && act();
    const secrets = ['known-secret', 'unknown-client'].map((name) => hasty(name, bySecret(name)));
    expect(await apart(secrets)).toBeGreaterThan(MOST_APART);
    const known = hasty('known-key', await byKey('known-key'));
    const unknown = hasty('unknown-client', await byKey('unknown-client'));
    expect(await apart([known, unknown])).toBeGreaterThan(MOST_APART);
  });
});
