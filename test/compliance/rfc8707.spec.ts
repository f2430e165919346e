import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, type Answer, startApp, type TestApp } from '../support/app.js';
import { basic, secretHashOf, secretOf } from '../support/oauth-clients.js';
import { RoutesController } from '../support/routes.controller.js';

const [ORDERS, BILLS] = ['https://orders.example.com', 'https://api.example.com/bills?v=1'];
const CLIENTS = [
  {
    clientId: 'caller',
    secretHashes: [secretHashOf(secretOf('caller'))],
    audiences: [ORDERS, BILLS],
    grants: ['client_credentials', 'refresh_token'],
  },
  { clientId: 'modest', secretHashes: [secretHashOf(secretOf('modest'))] },
] as const;
const INVALID_TARGET = { status: 400, error: 'invalid_target' };

describe.each(ADAPTERS)('RFC 8707, resource indicators, on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ adapter, controllers: [RoutesController], fastauth: { clients: CLIENTS } });
  });
  afterAll(() => app.close());

  const grant = (resources: readonly string[], clientId = 'caller', server = app): Promise<Answer> => {
    const more = resources.map((resource) => `&resource=${encodeURIComponent(resource)}`).join('');
    return server.post(
      '/auth/token',
      `grant_type=client_credentials${more}`,
      basic(clientId, secretOf(clientId)),
    );
  };
  const audienceOf = ({ body }: Answer): unknown =>
    JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString()).aud;
  const told = ({ status, body }: Answer) => ({ status, error: body?.error });

  it('2.2 makes aud the resource that is asked for', async () => {
    for (const resource of [ORDERS, BILLS]) expect(audienceOf(await grant([resource]))).toBe(resource);
  });

  it('2 takes several, each once', async () => {
    expect(audienceOf(await grant([ORDERS, BILLS, ORDERS]))).toEqual([ORDERS, BILLS]);
  });

  it('2 gives a token for none in particular where none is asked for', async () => {
    expect(audienceOf(await grant([]))).toBeUndefined();
  });

  it.each([
    'https://other.example.com',
    `${ORDERS}/`,
    `${ORDERS}#fragment`,
    `${ORDERS}/orders`,
    'HTTPS://orders.example.com',
    'https://ORDERS.example.com',
    'https://orders.example.com:443',
    'orders.example.com',
    '/orders',
    ' ',
    '',
  ])('2 refuses what is not exactly a resource of the client: %j', async (resource) => {
    expect(told(await grant([resource]))).toEqual(INVALID_TARGET);
    expect(told(await grant([ORDERS, resource]))).toEqual(INVALID_TARGET);
  });

  it("2 refuses another client's resource", async () => {
    expect(told(await grant([ORDERS], 'modest'))).toEqual(INVALID_TARGET);
    expect((await grant([], 'modest')).status).toBe(200);
  });

  it('2 takes resource from the body alone, and as text', async () => {
    const headers = basic('caller', secretOf('caller'));
    const body = 'grant_type=client_credentials';
    const query = await app.post(`/auth/token?resource=${encodeURIComponent(ORDERS)}`, body, headers);
    const brackets = await app.post(
      '/auth/token',
      `${body}&resource[]=${encodeURIComponent(ORDERS)}`,
      headers,
    );
    for (const answer of [query, brackets])
      expect(told(answer)).toEqual({ status: 400, error: 'invalid_request' });
  });

  it('2.2 does not change whom a session is for at a refresh', async () => {
    const { refresh_token: token } = await app.issue('caller');
    const refresh = (more: string) =>
      app.post(
        '/auth/token',
        `grant_type=refresh_token&refresh_token=${token}${more}`,
        basic('caller', secretOf('caller')),
      );
    expect(told(await refresh(`&resource=${encodeURIComponent(ORDERS)}`))).toEqual(INVALID_TARGET);
    expect((await refresh('')).status).toBe(200);
  });

  it('3 such a token opens nothing of those that it is not for', async () => {
    const headers = { authorization: `Bearer ${(await grant([ORDERS])).body.access_token}` };
    expect((await app.get('/whoami', headers)).status).toBe(401);
    const resource = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { clients: CLIENTS, audience: ORDERS },
    });
    const use = async (resources: readonly string[]) => {
      const { access_token } = (await grant(resources, 'caller', resource)).body;
      return (await resource.get('/whoami', { authorization: `Bearer ${access_token}` })).status;
    };
    expect([await use([]), await use([ORDERS]), await use([ORDERS, BILLS]), await use([BILLS])]).toEqual([
      200, 200, 200, 401,
    ]);
    await resource.close();
  });

  it('2 is refused with opaque tokens, which name nobody', async () => {
    const opaque = await startApp({ adapter, fastauth: { clients: CLIENTS, tokenFormat: 'opaque' } });
    expect(told(await grant([ORDERS], 'caller', opaque))).toEqual(INVALID_TARGET);
    expect((await grant([], 'caller', opaque)).status).toBe(200);
    await opaque.close();
  });
});
