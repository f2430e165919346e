import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clientCredentials, type ClientCredentialsOptions } from '../../src/client/index.js';

/** An authorization server and a resource in one, as small as the RFCs let it be. */
describe('the client with credentials of its own', () => {
  let http: Server;
  let issuer: string;
  let asked: { authorization: string | undefined; form: URLSearchParams }[];
  let good: string;
  let failures: number;
  let metadata: object;
  let expiresIn: number;
  let answer: ((token: string) => object) | undefined;

  beforeEach(async () => {
    asked = [];
    failures = 0;
    metadata = {};
    expiresIn = 3600;
    answer = undefined;
    good = '';
    const answerTo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const json = (status: number, body: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      if (request.url === '/.well-known/oauth-authorization-server/tenant')
        return json(200, { issuer, token_endpoint: `${issuer}/token`, ...metadata });
      if (request.url === '/tenant/token') {
        asked.push({ authorization: request.headers.authorization, form: await formOf(request) });
        if (failures-- > 0) return json(503, { error: 'temporarily_unavailable' });
        good = `token-${asked.length}`;
        if (answer) return json(401, answer(good));
        return json(200, { access_token: good, token_type: 'Bearer', expires_in: expiresIn });
      }
      return request.headers.authorization === `Bearer ${good}`
        ? json(200, { ok: true })
        : json(401, { detail: 'Unauthorized Access Token', code: 'token_superseded' });
    };
    http = createServer((request, response) => void answerTo(request, response));
    await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
    issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}/tenant`;
  });
  afterEach(() => void http.close());

  const open = (options: Partial<ClientCredentialsOptions> = {}) =>
    clientCredentials({ issuer, clientId: 'billing: eu', clientSecret: "fa_cs_s'(1)", ...options });

  it('asks once, however many calls wait, and keeps the token', async () => {
    const { fetch, token } = open({ scope: 'devices:read', resource: 'https://devices.example.com' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${issuer}/devices`)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await token()).toBe('token-1');
    expect(asked).toHaveLength(1);
    expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'devices:read',
      resource: 'https://devices.example.com',
    });
    const basic = atob(asked[0]?.authorization?.slice('Basic '.length) ?? '');
    expect(basic).toBe('billing%3A+eu:fa_cs_s%27%281%29');
  });

  it('sends the secret in the form where the server takes it nowhere else', async () => {
    metadata = { token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'] };
    await open().token();
    expect(asked[0]?.authorization).toBeUndefined();
    expect(asked[0]?.form.get('client_secret')).toBe("fa_cs_s'(1)");
  });

  it('renews ahead while calls go on with the old token', async () => {
    expiresIn = 1;
    const { token } = open();
    expect(await token()).toBe('token-1');
    await new Promise((done) => setTimeout(done, 850));
    expect(await Promise.all([token(), token()])).toEqual(['token-1', 'token-1']);
    await new Promise((done) => setTimeout(done, 100));
    expect(await token()).toBe('token-2');
  });

  it('gets another token for one that was refused', async () => {
    const { fetch } = open();
    await fetch(`${issuer}/devices`);
    good = 'another';
    expect((await fetch(`${issuer}/devices`)).status).toBe(200);
    expect(asked).toHaveLength(2);
  });

  it('asks again where the server says later, and says what it says otherwise', async () => {
    failures = 2;
    expect(await open().token()).toBe('token-3');
    answer = () => ({ error: 'invalid_client' });
    await expect(open().token()).rejects.toMatchObject({
      message: `${issuer} gives no token: invalid_client`,
      status: 401,
      code: 'invalid_client',
    });
  });

  it('gives its secret to nobody but the issuer', async () => {
    metadata = { issuer: 'https://other.example.com' };
    await expect(open().token()).rejects.toThrow('speaks for another issuer');
    metadata = { token_endpoint: undefined };
    await expect(open().token()).rejects.toThrow('names no token_endpoint');
    expect(asked).toHaveLength(0);
  });

  it('sends its token to one origin', async () => {
    const { fetch } = open({ baseUrl: 'https://devices.example.com' });
    expect((await fetch(`${issuer}/devices`)).status).toBe(401);
    expect(asked).toHaveLength(0);
  });
});

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}
