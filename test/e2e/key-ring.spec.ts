import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { AccessOnly, ConfigError, FastauthEvents, type FastauthEvent, KeyProvider } from '../../src/index.js';
import type { CryptographyKeyOptions } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, SECRET, startApp, type TestApp } from '../support/app.js';
import { keySetEntry, writeKeySet } from '../support/key-set.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

@Controller()
class GuardedController {
  @AccessOnly()
  @Get('guarded')
  guarded() {
    return 'in';
  }
}

/** Waits for what another process would wait for: the file is looked at once a second. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(50)) if (await holds()) return;
  throw new Error('it did not come to hold within 5 seconds');
}

const kidOf = (token: string): string | undefined => decodeProtectedHeader(token).kid;

describe.each(ADAPTERS)('a key ring (%s)', (adapter) => {
  let server: TestApp;
  let file: string;
  const start = async (fastauth: object): Promise<TestApp> =>
    (server = await startApp({ adapter, controllers: [GuardedController], fastauth }));
  const enter = async (token: string): Promise<number> =>
    (await server.get('/guarded', { 'ACCESS-TOKEN': token })).status;

  beforeEach(() => {
    file = join(temporaryFolder(), 'keys.json');
  });
  afterEach(() => server.close());
  afterAll(removeTemporaryFolders);

  it('rotates by the file alone, without a restart, and refuses what is retired', async () => {
    const events: FastauthEvent[] = [];
    await start({ keySetFile: file });
    server.app.get(FastauthEvents).subscribe((event) => events.push(event));
    const before = await server.issue('a');
    expect(kidOf(before.access_token)).toBeUndefined();

    const next = await keySetEntry('EdDSA', { status: 'next', signing_from: server.clock.seconds + 60 });
    writeKeySet(file, { keys: [next] });
    await until(async () => (await server.get('/.well-known/jwks.json')).body.keys.length === 1);
    const announced = await server.issue('b');
    expect(kidOf(announced.access_token)).not.toBe(next.kid);

    server.clock.advance(60);
    await until(async () => kidOf((await server.issue('c')).access_token) === next.kid);
    const after = await server.issue('d');
    for (const { access_token } of [before, announced, after]) expect(await enter(access_token)).toBe(200);
    const refreshed = await server.post('/auth/token/refresh', { refresh_token: before.refresh_token });
    expect(kidOf(refreshed.body.data.access_token)).toBe(next.kid);

    const old = kidOf(announced.access_token) as string;
    writeKeySet(file, { keys: [next], retired: { [old]: server.clock.seconds } });
    await until(async () => (await enter(announced.access_token)) === 401);
    expect(await enter(after.access_token)).toBe(200);
    expect(events.filter(({ type }) => type.startsWith('key.'))).toEqual([
      { type: 'key.rotated', kid: next.kid, previousKid: old },
      { type: 'key.retired', kid: old },
    ]);
  });

  it('keeps its keys while the file is broken or open to others, and says so once', async () => {
    const signing = await keySetEntry('ES256');
    writeKeySet(file, { keys: [signing] });
    await start({ keySetFile: file });
    const { access_token } = await server.issue('a');
    expect(kidOf(access_token)).toBe(signing.kid);
    writeFileSync(file, '{"keys": [');
    await sleep(1200);
    expect(await enter(access_token)).toBe(200);
    writeKeySet(file, { keys: [signing, await keySetEntry('ES256')] }); // Two that sign.
    chmodSync(file, 0o644);
    await sleep(1200);
    expect(await enter(access_token)).toBe(200);
    const other = await keySetEntry('ES256', { status: 'next' });
    writeKeySet(file, { keys: [signing, other] });
    chmodSync(file, 0o600);
    await until(async () => (await server.get('/.well-known/jwks.json')).body.keys.length === 2);
    expect(await enter(access_token)).toBe(200);
  });

  it('keeps its keys while those of the file could not make its tokens, or are a master token', async () => {
    const signing = await keySetEntry('HS256');
    writeKeySet(file, { keys: [signing] });
    await start({ keySetFile: file, tokenFormat: 'jwe', cryptographyKey: '' });
    const { access_token } = await server.issue('a');
    const pair = await keySetEntry('EdDSA');
    const master = { kty: 'oct', alg: 'HS256', k: Buffer.from(MASTER_TOKEN).toString('base64url') };
    for (const keys of [[pair], [{ ...master, kid: 'm' }]]) {
      writeKeySet(file, { keys });
      await sleep(1200);
      expect((await server.issue('b')).access_token).toMatch(/^ey[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
      expect(await enter(access_token)).toBe(200);
    }
    writeKeySet(file, { keys: [pair, { ...signing, status: 'verify-only' }] });
    await until(async () => (await server.get('/.well-known/jwks.json')).body.keys.length === 1);
    await server.issue('b');
    expect(await enter(access_token)).toBe(200);
  });

  it('publishes public parts only, to be kept for a minute, and answers 304 to who has them', async () => {
    const keys = await Promise.all([
      keySetEntry('EdDSA', { kid: 'signs' }),
      keySetEntry('ES256', { kid: 'comes', status: 'next' }),
      keySetEntry('RS256', { kid: 'verifies', status: 'verify-only' }),
      keySetEntry('HS256', { kid: 'secret', status: 'verify-only' }),
    ]);
    writeKeySet(file, { keys });
    await start({ keySetFile: file, defaultAccess: 'access' });
    const { status, headers, body } = await server.get('/.well-known/jwks.json');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=60');
    const published = body.keys as Record<string, string>[];
    expect(published.map(({ kid }) => kid)).toEqual(['signs', 'comes', 'verifies']);
    const secretNames = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi'];
    expect(published.flatMap((key) => Object.keys(key)).filter((name) => secretNames.includes(name))).toEqual(
      [],
    );
    const { access_token } = await server.issue('a');
    const { payload } = await jwtVerify(access_token, createLocalJWKSet(body), {
      currentDate: new Date(server.clock.now()),
    });
    expect(payload['client_id']).toBe('a');

    const tag = headers.get('etag') as string;
    for (const sent of [tag, `W/${tag}`, `"other", ${tag}`]) {
      const again = await server.get('/.well-known/jwks.json', { 'If-None-Match': sent });
      expect([again.status, again.text]).toEqual([304, '']);
    }
    expect((await server.get('/.well-known/jwks.json', { 'If-None-Match': '"other"' })).status).toBe(200);
  });

  it('publishes nothing of a secret, and nothing at all to strangers under a rule that names where', async () => {
    await start({});
    expect((await server.get('/.well-known/jwks.json')).body).toEqual({ keys: [] });
    expect((await server.get('/.well-known/oauth-authorization-server')).status).toBe(404);
    await server.close();
    await start({ masterTokenPaths: ['/'], issuer: 'https://auth.example.com' });
    // A rule for everything is not meant for what clients have to read before they have a token.
    expect((await server.get('/.well-known/jwks.json')).status).toBe(200);
    await server.close();
    await start({ masterTokenPaths: ['/.well-known'], issuer: 'https://auth.example.com' });
    for (const path of ['/.well-known/jwks.json', '/.well-known/oauth-authorization-server']) {
      expect((await server.get(path)).status).toBe(401);
      expect((await server.get(path, { 'MASTER-TOKEN': MASTER_TOKEN })).status).toBe(200);
    }
  });

  it('tells standard clients where the endpoints are', async () => {
    server = await startApp({
      adapter,
      fastauth: { issuer: 'https://auth.example.com', authPrefix: '/tokens' },
      configure: (app) => void app.setGlobalPrefix('api', { exclude: ['.well-known/*path'] }),
    });
    const { status, body } = await server.get('/.well-known/oauth-authorization-server');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        issuer: 'https://auth.example.com',
        jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
        revocation_endpoint: 'https://auth.example.com/api/tokens/token/revoke',
        revocation_endpoint_auth_methods_supported: ['none'],
        introspection_endpoint: 'https://auth.example.com/api/tokens/token/introspect',
        response_types_supported: [],
        grant_types_supported: [],
      },
    });
    for (const name of ['jwks_uri', 'revocation_endpoint', 'introspection_endpoint'] as const) {
      const { pathname } = new URL(body[name]);
      const answers = await Promise.all([server.get(pathname), server.post(pathname, {})]);
      expect(answers.some((answer) => answer.status !== 404)).toBe(true);
    }
  });

  it('tells standard clients how they may authenticate themselves, and which scopes there are', async () => {
    const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
    for (const [introspectionAccess, others] of [
      ['master', []],
      ['access', ['Bearer']],
      ['public', ['none']],
    ] as const) {
      server = await startApp({
        adapter,
        fastauth: {
          issuer: 'https://auth.example.com',
          tokenEndpoint: true,
          introspectionAccess,
          scopes: { 'devices:read': 'Read devices', 'devices:write': 'Change devices' },
        },
      });
      const { body } = await server.get('/.well-known/oauth-authorization-server');
      expect(body).toMatchObject({
        authorization_endpoint: 'https://auth.example.com/auth/authorize',
        token_endpoint: 'https://auth.example.com/auth/token',
        token_endpoint_auth_methods_supported: methods,
        introspection_endpoint_auth_methods_supported: [...methods, ...others],
        revocation_endpoint_auth_methods_supported: [...methods, 'none'],
        scopes_supported: ['devices:read', 'devices:write'],
        grant_types_supported: ['client_credentials', 'refresh_token'],
      });
      for (const endpoint of ['token', 'introspection', 'revocation']) {
        expect(body[`${endpoint}_endpoint_auth_signing_alg_values_supported`]).toContain('EdDSA');
      }
      if (introspectionAccess !== 'public') await server.close();
    }
  });

  it('asks a provider, and again when a token names a key that is not known', async () => {
    const [one, two] = await Promise.all([keySetEntry('EdDSA'), keySetEntry('EdDSA')]);
    let answer: readonly CryptographyKeyOptions[] | Error = [{ jwk: one, status: 'signing' }];
    let calls = 0;
    class Vault extends KeyProvider {
      async load(): Promise<readonly CryptographyKeyOptions[]> {
        calls++;
        if (answer instanceof Error) throw answer;
        return answer;
      }
    }
    await start({ keyProvider: Vault, cryptographyKey: '' });
    const { access_token } = await server.issue('a');
    expect(kidOf(access_token)).toBe(one.kid);
    const stranger = access_token.replace(
      /^[^.]+/,
      Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: 'JWT', kid: 'stranger' })).toString('base64url'),
    );
    expect(calls).toBe(1);
    for (let round = 0; round < 20; round++) expect(await enter(stranger)).toBe(401);
    expect(calls).toBe(2);
    answer = new Error('out of reach');
    server.clock.advance(31);
    expect(await enter(stranger)).toBe(401);
    expect([await enter(access_token), calls]).toEqual([200, 3]);
    answer = [
      { jwk: one, status: 'verify-only' },
      { jwk: two, status: 'signing' },
    ];
    server.clock.advance(31);
    expect(await enter(stranger)).toBe(401);
    expect([await enter(access_token), kidOf((await server.issue('b')).access_token)]).toEqual([
      200,
      two.kid,
    ]);
  });

  it('takes a ring from the configuration, with the single key beside it for tokens without a kid', async () => {
    const single = await startApp({ adapter });
    const legacy = await single.issue('a');
    await single.close();
    await start({
      cryptographyKeys: [
        { kid: '2030', secret: 'the secret of 2030, which is long enough' },
        {
          kid: '2029',
          secret: 'the secret of 2029, which is long enough',
          status: 'verify-only',
          verifyUntil: '2030-01-02',
        },
      ],
    });
    const fresh = await server.issue('a');
    expect(kidOf(fresh.access_token)).toBe('2030');
    // Its signature holds; only its session is not in this store.
    const { body } = await server.get('/guarded', { 'ACCESS-TOKEN': legacy.access_token });
    expect(body.detail).toBe('Unauthorized Access Token');
  });

  it.each([
    [
      'two that sign',
      {
        cryptographyKeys: [
          { kid: 'a', secret: `${SECRET}1` },
          { kid: 'b', secret: `${SECRET}2` },
        ],
      },
      /2 signing keys/,
    ],
    [
      'none that signs',
      { cryptographyKey: '', cryptographyKeys: [{ kid: 'a', secret: SECRET, status: 'next' }] },
      /no signing key/,
    ],
    [
      'a public key as secret',
      { cryptographyKeys: [{ secret: '-----BEGIN PUBLIC KEY-----' }] },
      /public key is no secret/,
    ],
    [
      'a master token that is a key',
      { cryptographyKeys: [{ secret: MASTER_TOKEN }], cryptographyKey: '' },
      /same text/,
    ],
  ])('refuses to start with %s', async (_what, fastauth: object, reason) => {
    await start({});
    const failure = await startApp({ adapter, fastauth }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as ConfigError).message).toMatch(reason);
    expect((failure as ConfigError).message).not.toContain(SECRET);
  });
});
