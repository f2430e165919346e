import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { TokenService } from '../../src/index.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { startApp, type TestApp } from '../support/app.js';
import { basic, secretHashOf, secretOf } from '../support/oauth-clients.js';
import { RoutesController } from '../support/routes.controller.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const SECRET = secretOf('reports');

describe('clients of the configuration that is changed between two starts', () => {
  let app: TestApp | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });
  afterAll(removeTemporaryFolders);

  async function start(folder: string, entry: object): Promise<TestApp> {
    await app?.close();
    app = await startApp({
      adapter: 'fastify',
      controllers: [RoutesController],
      fastauth: {
        store: new LmdbTokenStore({ folder, timeout: 5 }),
        sessionsPerClient: 'unlimited',
        clients: [
          {
            clientId: 'reports',
            secretHashes: [secretHashOf(SECRET)],
            scopes: ['read', 'write'],
            grants: ['client_credentials', 'refresh_token'],
            ...entry,
          },
        ],
      },
    });
    return app;
  }
  const issue = (at: TestApp, scopes: string[]) =>
    at.app.get(TokenService).issue({ clientId: 'reports', scopes });
  const refresh = (at: TestApp, refreshToken: string) =>
    at.post(
      '/auth/token',
      new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString(),
      { ...basic('reports', SECRET), 'content-type': 'application/x-www-form-urlencoded' },
    );
  const whoami = async (at: TestApp, token: string) =>
    (await at.get('/whoami', { authorization: `Bearer ${token}` })).status;

  it('refreshes no more than the client may at present', async () => {
    const folder = join(temporaryFolder(), 'store');
    const before = await start(folder, {});
    const [wide, narrow] = [await issue(before, ['read', 'write']), await issue(before, ['read'])];
    const { status, body } = await refresh(before, wide.refreshToken);
    expect({ status, scope: body.scope }).toEqual({ status: 200, scope: 'read write' });

    const after = await start(folder, { scopes: ['read'] });
    const refused = await refresh(after, body.refresh_token);
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await whoami(after, body.access_token)).toBe(401);
    expect((await refresh(after, narrow.refreshToken)).body).toMatchObject({ scope: 'read' });
  });

  it('ends the sessions of a client that is disabled', async () => {
    const folder = join(temporaryFolder(), 'store');
    const { accessToken } = await issue(await start(folder, {}), ['read']);
    const after = await start(folder, { enabled: false });
    expect(await whoami(after, accessToken)).toBe(401);
    expect(await after.app.get(TokenService).sessions('reports')).toEqual([]);
  });
});
