import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadFastauthConfig } from '../../src/config/load-config.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { PYTHON_KEY, pythonPair, pythonToken } from '../support/python-tokens.js';
import { RoutesController } from '../support/routes.controller.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** The page has one key for both, which is refused here. */
const KEY = PYTHON_KEY;
const MASTER = 'a-master-token-of-the-original';

/** The config file of the original's page, word for word but for the values that a user fills in. */
const PAGE_CONFIG = {
  'app-name': 'fastauth',
  'database-api-url': 'http://127.0.0.1:8000/mydb/data',
  'master-token': MASTER,
  'cryptography-key': KEY,
  headers: { 'custom-header': 'value', '...': '...' },
  'master-token-paths': ['/master'],
  'access-token-paths': ['/access'],
};

afterAll(removeTemporaryFolders);

describe('a config file of the original', () => {
  const load = (content: object, env: Record<string, string> = {}) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'fastauth.config.json'), JSON.stringify(content));
    return loadFastauthConfig({ envFile: false }, { env, cwd }).config;
  };

  it('is read as it is', () => {
    const config = load(PAGE_CONFIG);
    expect(config).toMatchObject({
      appName: 'fastauth',
      databaseUrl: 'http://127.0.0.1:8000/mydb/data',
      masterToken: MASTER,
      cryptographyKey: KEY,
      headers: { 'custom-header': 'value' },
      masterTokenPaths: ['/master'],
      accessTokenPaths: ['/access'],
    });
  });

  it('may be in snake_case, as versions 0.0.3 and later have it', () => {
    const snake = Object.fromEntries(
      Object.entries(PAGE_CONFIG).map(([name, value]) => [name.replaceAll('-', '_'), value]),
    );
    expect(load(snake)).toEqual(load(PAGE_CONFIG));
  });

  it('may name the API by database-api-path', () => {
    const { 'database-api-url': url, ...rest } = PAGE_CONFIG;
    expect(load({ ...rest, 'database-api-path': `${url}/` })).toEqual(load(PAGE_CONFIG));
  });

  it('wins over the environment', () => {
    const env = { MASTER_TOKEN: 'from-the-environment-1', CRYPTOGRAPHY_KEY: `${KEY}x` };
    expect(load(PAGE_CONFIG, env)).toMatchObject({ masterToken: MASTER, cryptographyKey: KEY });
  });

  it('is refused with its placeholders', () => {
    expect(() =>
      load({
        ...PAGE_CONFIG,
        'master-token': '<your-master-token>',
        'cryptography-key': '<your-32-byte-cryptography-key>',
      }),
    ).toThrow(/master-token[^]*cryptography-key/);
  });
});

describe.each(ADAPTERS)('beside a server of the original on one persistence API, on %s', (adapter) => {
  const server = new PersistenceServer();
  let app: TestApp;
  let now: number;

  /** What `save_token` of the original writes. */
  const saveAsPython = (clientId: string, at = now) => {
    const pair = pythonPair(clientId, at);
    server.setRecord(clientId, { data: pair });
    return pair;
  };

  beforeAll(async () => {
    await server.start();
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: {
        databaseUrl: server.url,
        cryptographyKey: KEY,
        masterToken: MASTER,
        accessTokenPaths: ['/access'],
      },
    });
    now = Math.floor(app.clock.now() / 1000);
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  it('accepts the tokens that it issued', async () => {
    const pair = saveAsPython('of-python');
    expect((await app.get('/access/health', { 'ACCESS-TOKEN': pair.access_token })).status).toBe(200);
    expect((await app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token })).body.clientId).toBe('of-python');
  });

  it('refuses them once it issued newer ones', async () => {
    const older = saveAsPython('renewed', now - 10);
    saveAsPython('renewed');
    const answer = await app.get('/whoami', { 'ACCESS-TOKEN': older.access_token });
    expect(answer.status).toBe(401);
    expect(answer.body.detail).toBe('Unauthorized Access Token');
  });

  it('refreshes them, and the original finds what it looks for', async () => {
    const pair = saveAsPython('refreshed');
    const answer = await app.get(`/auth/token/refresh?refresh_token=${pair.refresh_token}`);
    expect(answer.status).toBe(200);
    const { client_id: clientId, ...tokens } = answer.body.data;
    expect(clientId).toBe('refreshed');
    expect(server.record('refreshed')).toEqual({ data: tokens });
    // The original accepts what decodes with its key, has no aud, and equals the stored text.
    const [header, payload] = tokens.access_token
      .split('.', 2)
      .map((part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(payload).toMatchObject({ client_id: 'refreshed', type: 'access', iat: now });
    expect(payload).not.toHaveProperty('aud');
    expect(Number.isInteger(payload.exp)).toBe(true);
  });

  it('writes for a new client what the original reads', async () => {
    const answer = await app.get('/auth/token/new?client_id=my-client', { 'MASTER-TOKEN': MASTER });
    const { access_token, refresh_token } = answer.body.data;
    expect(server.record('my-client')).toEqual({ data: { access_token, refresh_token } });
  });

  it.each([
    [
      'of another key',
      () => pythonToken('stranger', 'access', now, 'another key of thirty-two bytes and more'),
    ],
    ['never issued', () => pythonToken('never-issued', 'access', now)],
    ['that is a refresh token', () => saveAsPython('twisted').refresh_token],
  ])('refuses a token %s', async (_case, make) => {
    expect((await app.get('/whoami', { 'ACCESS-TOKEN': make() })).status).toBe(401);
  });

  it('reads null, "" and missing tokens as closed', async () => {
    for (const data of [
      { access_token: null, refresh_token: null },
      { access_token: '', refresh_token: '' },
      {},
    ]) {
      const pair = saveAsPython('closed');
      server.setRecord('closed', { data });
      expect((await app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token })).status).toBe(401);
      expect((await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token })).status).toBe(401);
    }
  });

  it('refuses in its words, full stops included', async () => {
    const past = pythonToken('late', 'access', now - 31 * 24 * 60 * 60);
    const forged = pythonToken('late', 'access', now, 'another key of thirty-two bytes and more');
    const detailOf = async (token: string): Promise<unknown> =>
      (await app.get('/whoami', { 'ACCESS-TOKEN': token })).body.detail;
    expect(await detailOf(past)).toBe('Invalid Access Token. Error: Signature has expired.');
    expect(await detailOf(forged)).toBe('Invalid Access Token. Error: Signature verification failed.');
    const empty = await app.get('/auth/token/refresh?refresh_token=');
    expect([empty.status, empty.body.message]).toEqual([401, 'Invalid refresh token']);
  });
});
