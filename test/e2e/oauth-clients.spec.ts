import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  ClientCredentialsProvider,
  PrivateKeyJwtProvider,
} from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { auth } from '@modelcontextprotocol/sdk/client/auth.js';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { clientSample } from 'nestjs-fastauth/store-contract';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { ClientCredentials } from 'simple-oauth2';
import { changeClient, newClientSecret, withSecret } from '../../src/clients/client-editing.js';
import { Clock, SystemClock } from '../../src/clock.js';
import { clientSecretHash } from '../../src/config/client-secret.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { freePort } from '../support/redis-server.js';
import { RoutesController } from '../support/routes.controller.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

const SCOPES = ['devices:read', 'devices:write'];

interface Server {
  readonly app: TestApp;
  readonly store: LmdbTokenStore;
}

describe.each(ADAPTERS)('Clients of others, on %s', (adapter) => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const { app } of servers.splice(0)) await app.close();
  });

  /** Its issuer is where it is reached, as clients demand. */
  async function start(folder = join(temporaryFolder(), 'store'), issuer?: string): Promise<Server> {
    const port = await freePort();
    const store = new LmdbTokenStore({ folder, timeout: 5 });
    const app = await startApp({
      adapter,
      port,
      controllers: [RoutesController],
      // Clients sign with the time as it is.
      override: (builder) => builder.overrideProvider(Clock).useValue(new SystemClock()),
      fastauth: { store, tokenEndpoint: true, issuer: issuer ?? `http://127.0.0.1:${port}` },
    });
    servers.push({ app, store });
    return { app, store };
  }

  const whoami = async ({ url }: TestApp, token: string): Promise<number> =>
    (await fetch(`${url}/whoami`, { headers: { authorization: `Bearer ${token}` } })).status;

  it('openid-client gets tokens from the metadata alone, by secret and by key', async () => {
    const { app, store } = await start();
    const secret = newClientSecret();
    const pair = await generateKeyPair('ES256');
    await store.clients.insert(
      clientSample({
        clientId: 'a b%',
        authenticationMethod: 'client_secret_post',
        secretHashes: [clientSecretHash(secret)],
        scopes: SCOPES,
        grants: ['client_credentials', 'refresh_token'],
      }),
    );
    await store.clients.insert(
      clientSample({
        clientId: 'signer',
        authenticationMethod: 'private_key_jwt',
        publicKeys: [await exportJWK(pair.publicKey)],
      }),
    );
    const options: openid.DiscoveryRequestOptions = {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    };
    const issuer = new URL(app.url);
    const post = await openid.discovery(issuer, 'a b%', secret, undefined, options);
    const tokens = await openid.clientCredentialsGrant(post, { scope: 'devices:read' });
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3600, scope: 'devices:read' });
    expect(await whoami(app, tokens.access_token)).toBe(200);
    // Without a value is as not sent (RFC 6749 section 3.2).
    const all = await openid.clientCredentialsGrant(post, { scope: '' });
    expect(all.scope).toBe(SCOPES.join(' '));

    const { refresh_token } = await app.issue('a b%');
    const refreshed = await openid.refreshTokenGrant(post, refresh_token);
    expect(await whoami(app, refreshed.access_token)).toBe(200);
    await openid.refreshTokenGrant(post, refreshed.refresh_token ?? '');

    const signing = await openid.discovery(
      issuer,
      'signer',
      undefined,
      openid.PrivateKeyJwt(pair.privateKey),
      {
        ...options,
      },
    );
    const signed = await openid.clientCredentialsGrant(signing);
    expect(await whoami(app, signed.access_token)).toBe(200);
  });

  it('oauth4webapi and simple-oauth2 get tokens', async () => {
    const { app, store } = await start();
    const secret = newClientSecret();
    await store.clients.insert(
      clientSample({ clientId: 'a:b', secretHashes: [clientSecretHash(secret)], scopes: SCOPES }),
    );
    const insecure = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(app.url);
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
    );
    const client = { client_id: 'a:b' };
    const basic = oauth.ClientSecretBasic(secret);
    const answer = await oauth.clientCredentialsGrantRequest(server, client, basic, {}, insecure);
    const tokens = await oauth.processClientCredentialsResponse(server, client, answer);
    expect(tokens.scope).toBe(SCOPES.join(' '));
    expect(await whoami(app, tokens.access_token)).toBe(200);

    const simple = new ClientCredentials({
      client: { id: 'a:b', secret },
      auth: { tokenHost: app.url, tokenPath: new URL(server.token_endpoint ?? '').pathname },
    });
    const { token } = await simple.getToken({ scope: 'devices:write' });
    expect(token).toMatchObject({ token_type: 'Bearer', scope: 'devices:write' });
    expect(await whoami(app, String(token['access_token']))).toBe(200);
  });

  it("the MCP SDK's providers get tokens from the metadata alone, by secret and by key", async () => {
    const { app, store } = await start();
    const secret = newClientSecret();
    const pair = await generateKeyPair('ES256', { extractable: true });
    const scopes = SCOPES;
    await store.clients.insert(
      clientSample({ clientId: 'agent', secretHashes: [clientSecretHash(secret)], scopes }),
    );
    await store.clients.insert(
      clientSample({
        clientId: 'signer',
        authenticationMethod: 'private_key_jwt',
        publicKeys: [await exportJWK(pair.publicKey)],
        scopes,
      }),
    );
    const expectedIssuer = app.url;
    const privateKey = { ...(await exportJWK(pair.privateKey)) };
    const providers = [
      new ClientCredentialsProvider({ clientId: 'agent', clientSecret: secret, expectedIssuer }),
      new PrivateKeyJwtProvider({ clientId: 'signer', privateKey, algorithm: 'ES256', expectedIssuer }),
    ];
    for (const provider of providers) {
      expect(await auth(provider, { serverUrl: app.url })).toBe('AUTHORIZED');
      const { access_token: token = '', refresh_token: refreshToken } = provider.tokens() ?? {};
      expect(refreshToken).toBeUndefined();
      expect(await whoami(app, token)).toBe(200);
    }
  });

  it('get their tokens while secrets are rotated: none is refused', async () => {
    const folder = join(temporaryFolder(), 'store');
    const { app, store } = await start(folder);
    const other = await start(folder);
    let secret = newClientSecret();
    await store.clients.insert(clientSample({ clientId: 'a', secretHashes: [clientSecretHash(secret)] }));
    const statuses: number[] = [];
    const load = { isOver: false };
    const loops = Array.from({ length: 4 }, async (_, n) => {
      for (let round = n; !load.isOver; round++) {
        // The secret as it is known when the request begins.
        statuses.push((await grant([app, other.app][round % 2] as TestApp, 'a', secret)).status);
      }
    });
    for (let rotation = 0; rotation < 20; rotation++) {
      const next = newClientSecret();
      await changeClient(store.clients, 'a', (client) => withSecret(client, next));
      secret = next;
      const seen = statuses.length;
      while (statuses.length < seen + 10) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    load.isOver = true;
    await Promise.all(loops);
    expect(statuses.length).toBeGreaterThan(200);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  it('have no session left once they are disabled, whatever is granted meanwhile', async () => {
    const folder = join(temporaryFolder(), 'store');
    const { app, store } = await start(folder);
    const other = await start(folder);
    const secret = newClientSecret();
    await store.clients.insert(clientSample({ clientId: 'a', secretHashes: [clientSecretHash(secret)] }));
    const granted: string[] = [];
    const load = { isOver: false };
    const loops = Array.from({ length: 4 }, async () => {
      while (!load.isOver) {
        const { body } = await grant(other.app, 'a', secret);
        if (body.access_token !== undefined) granted.push(body.access_token);
      }
    });
    while (granted.length < 20) await new Promise((resolve) => setTimeout(resolve, 2));
    await changeClient(store.clients, 'a', (client) => ({ ...client, isEnabled: false }));
    await store.revokeClient('a', Math.floor(Date.now() / 1000));
    load.isOver = true;
    await Promise.all(loops);
    for (const token of granted) expect(await whoami(app, token)).toBe(401);
    expect((await grant(app, 'a', secret)).status).toBe(401);
  });

  describe('private_key_jwt (RFC 7523)', () => {
    async function signer(): Promise<Server & { other: Server; key: CryptoKey; issuer: string }> {
      const folder = join(temporaryFolder(), 'store');
      const issuer = 'https://auth.example.com';
      const [one, other] = [await start(folder, issuer), await start(folder, issuer)];
      const { publicKey, privateKey } = await generateKeyPair('EdDSA');
      const publicKeys = [{ ...(await exportJWK(publicKey)), kid: '1' }];
      await one.store.clients.insert(
        clientSample({ clientId: 'signer', authenticationMethod: 'private_key_jwt', publicKeys }),
      );
      return { ...one, other, key: privateKey, issuer };
    }
    const assertionOf = (key: CryptoKey, claims: object, header: object = {}) =>
      new SignJWT({
        iss: 'signer',
        sub: 'signer',
        aud: 'https://auth.example.com',
        jti: createHash('sha256').update(String(Math.random())).digest('hex'),
        exp: Math.floor(Date.now() / 1000) + 60,
        ...claims,
      })
        .setProtectedHeader({ alg: 'EdDSA', kid: '1', ...header })
        .sign(key);
    const present = ({ app }: Server, assertion: string, more = '') =>
      app.post(
        '/auth/token',
        'grant_type=client_credentials&client_assertion_type=' +
          encodeURIComponent('urn:ietf:params:oauth:client-assertion-type:jwt-bearer') +
          `&client_assertion=${assertion}${more}`,
      );

    it('takes an assertion once, over all processes', async () => {
      const servers = await signer();
      for (let round = 0; round < 10; round++) {
        const assertion = await assertionOf(servers.key, {});
        const answers = await Promise.all(
          [servers, servers.other, servers, servers.other].map((server) => present(server, assertion)),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
      }
    });

    it('refuses what is not exactly right', async () => {
      const servers = await signer();
      const now = Math.floor(Date.now() / 1000);
      const { privateKey: foreign } = await generateKeyPair('EdDSA');
      const bad = [
        await assertionOf(servers.key, { aud: 'https://other.example.com' }),
        await assertionOf(servers.key, { aud: ['https://auth.example.com', 'https://other.example.com'] }),
        await assertionOf(servers.key, { aud: undefined }),
        await assertionOf(servers.key, { iss: 'other' }),
        await assertionOf(servers.key, { sub: 'other' }),
        await assertionOf(servers.key, { exp: now - 60 }),
        await assertionOf(servers.key, { exp: undefined }),
        await assertionOf(servers.key, { exp: now + 24 * 3600 }),
        await assertionOf(servers.key, { nbf: now + 60 }),
        await assertionOf(servers.key, { iat: now + 60 }),
        await assertionOf(servers.key, { jti: undefined }),
        await assertionOf(servers.key, { jti: '' }),
        await assertionOf(servers.key, {}, { kid: '2' }),
        await assertionOf(foreign, {}),
        'nonsense',
        'x'.repeat(9000),
      ];
      for (const [n, assertion] of bad.entries()) {
        const { status, body } = await present(servers, assertion);
        expect([n, status, body.error]).toEqual([n, 401, 'invalid_client']);
      }
      const good = await assertionOf(servers.key, {});
      expect((await present(servers, good, '&client_id=other')).status).toBe(401);
      expect((await present(servers, await assertionOf(servers.key, {}), '&client_id=signer')).status).toBe(
        200,
      );
    });
  });
});

function grant(app: TestApp, clientId: string, secret: string) {
  const authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;
  return app.post('/auth/token', 'grant_type=client_credentials', { authorization });
}
