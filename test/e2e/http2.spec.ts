import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http2, { type OutgoingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';

const SECRET = 's'.repeat(43);
const SECRET_HASH = `sha256:${createHash('sha256').update(SECRET).digest('hex')}`;
const BASIC = `Basic ${Buffer.from(`service:${SECRET}`).toString('base64')}`;

describe('an application on HTTP/2', () => {
  let app: TestApp;
  let client: http2.ClientHttp2Session;

  beforeAll(async () => {
    app = await startApp({
      adapter: 'fastify',
      controllers: [RoutesController],
      fastauth: {
        issuer: 'https://auth.example.com',
        defaultAccess: 'access',
        accessTokenPaths: ['/reports'],
        masterTokenPaths: ['/master'],
        clients: [{ clientId: 'service', secretHashes: [SECRET_HASH], introspect: true }],
      },
      configure: (made) =>
        void (made.getHttpAdapter() as FastifyAdapter).getInstance().get('/raw', () => ({ raw: true })),
      fastifyOptions: { http2: true } as ConstructorParameters<typeof FastifyAdapter>[0],
    });
    client = http2.connect(app.url);
  });
  afterAll(async () => {
    client.close();
    await app.close();
  });

  async function send(path: string, headers: OutgoingHttpHeaders = {}, form?: Record<string, string>) {
    const stream = client.request({
      ':path': path,
      ...(form && { ':method': 'POST', 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    });
    stream.end(form && new URLSearchParams(form).toString());
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    const body = JSON.parse((await text(stream)) || 'null') as Record<string, unknown>;
    return { status: answer[':status'], body };
  }
  const whoami = async (headers: OutgoingHttpHeaders) => (await send('/whoami', headers)).status;

  async function issue() {
    const { body } = await send('/auth/token/new', { 'master-token': MASTER_TOKEN }, { client_id: 'a' });
    return body['data'] as { access_token: string; refresh_token: string };
  }

  it('guards routes, and issues and refreshes pairs', async () => {
    const pair = await issue();
    expect(await whoami({})).toBe(401);
    expect(await whoami({ authorization: `Bearer ${pair.access_token}` })).toBe(200);
    const refreshed = await send('/auth/token/refresh', {}, { refresh_token: pair.refresh_token });
    expect(refreshed.status).toBe(200);
    expect(await whoami({ authorization: `Bearer ${pair.access_token}` })).toBe(401);
  });

  it('gives tokens to clients with credentials of their own, and tells them of tokens', async () => {
    const grant = { grant_type: 'client_credentials' };
    const granted = await send('/auth/token', { authorization: BASIC }, grant);
    expect(granted).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    const token = String(granted.body['access_token']);
    expect(await send('/auth/token/introspect', { authorization: BASIC }, { token })).toMatchObject({
      status: 200,
      body: { active: true, client_id: 'service' },
    });
    expect((await send('/auth/token/revoke', { authorization: BASIC }, { token })).status).toBe(200);
    expect(await whoami({ authorization: `Bearer ${token}` })).toBe(401);
    expect((await send('/auth/token', {}, grant)).status).toBe(401);
  });

  it('holds path rules and default-access at the edge, whatever answers behind it', async () => {
    const { access_token } = await issue();
    for (const path of ['/raw', '/none', '/reports/none', '//reports/none', '/reports%2Fnone', '/health']) {
      expect([path, (await send(path)).status]).toEqual([path, 401]);
      const { status } = await send(path, { authorization: `Bearer ${access_token}` });
      expect([path, status]).toEqual([path, path === '/raw' || path === '/health' ? 200 : 404]);
    }
    expect((await send('/master/none', { authorization: `Bearer ${access_token}` })).status).toBe(401);
    expect((await send('/.well-known/oauth-authorization-server')).status).toBe(200);
  });
});
