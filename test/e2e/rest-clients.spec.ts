import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { ADAPTERS, SECRET, startApp, type TestApp } from '../support/app.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { RoutesController } from '../support/routes.controller.js';

describe.each(ADAPTERS)('clients of the REST persistence API, on %s', (adapter) => {
  const server = new PersistenceServer();
  let app: TestApp;

  beforeAll(async () => {
    await server.start();
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { databaseUrl: `${server.url}/db` },
    });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  function signedByPython(clientId: string, type: 'access' | 'refresh'): string {
    const now = Math.floor(app.clock.now() / 1000);
    return jwt.sign({ client_id: clientId, type, iat: now, exp: now + 3600 }, SECRET);
  }

  const whoami = (token: string) => app.get('/whoami', { 'ACCESS-TOKEN': token });

  it('that the API does not have are refused in the words of the original', async () => {
    expect(await whoami(signedByPython('nobody', 'access'))).toMatchObject({
      status: 401,
      body: { detail: 'Invalid Client ID', code: 'invalid_token' },
    });
  });

  it('that it has, with other tokens or none, are told that the token is not good', async () => {
    const { access_token: older } = await app.issue('ada');
    await app.issue('ada');
    expect(await whoami(older)).toMatchObject({ status: 401, body: { detail: 'Unauthorized Access Token' } });
    server.setRecord('ada', { data: { access_token: null, refresh_token: null } }, '/db');
    expect(await whoami(older)).toMatchObject({ status: 401, body: { detail: 'Unauthorized Access Token' } });
  });

  it('go on with the tokens of the original that it keeps under another name', async () => {
    const [access_token, refresh_token] = (['access', 'refresh'] as const).map((type) =>
      signedByPython('ada+phone', type),
    );
    server.setRecord('ada phone', { data: { access_token, refresh_token } }, '/db');
    expect((await whoami(access_token as string)).status).toBe(200);
    const refreshed = await app.post('/auth/token/refresh', { refresh_token });
    expect(refreshed).toMatchObject({ status: 200, body: { data: { client_id: 'ada+phone' } } });
    expect((await whoami(refreshed.body.data.access_token)).status).toBe(200);
    expect((await whoami(access_token as string)).status).toBe(401);
  });
});
