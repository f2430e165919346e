import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clientCredentials, createFastauthClient, type FastauthClient } from '../../src/client/index.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const PAIR = { access_token: 'access-1', refresh_token: 'refresh-1' };
const NEXT = { access_token: 'access-2', refresh_token: 'refresh-2' };

const json =
  (status: number, body: object): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

/** What else than tokens the token endpoints may answer, or what stands before them. */
describe('the client and its token endpoints', () => {
  let servers: Server[];
  let client: FastauthClient;
  let ended: number;
  let answer: Answer;
  let base: string;

  const listen = async (answerTo: Answer): Promise<string> => {
    const server = createServer(answerTo);
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  beforeEach(async () => {
    servers = [];
    ended = 0;
    base = await listen((request, response) => answer(request, response));
    client = createFastauthClient({ baseUrl: base });
    client.onEnded(() => ended++);
    await client.login(PAIR);
  });
  afterEach(() => {
    client.close();
    servers.forEach((server) => server.close());
  });

  describe('that send it to another origin', () => {
    let sent: string[];

    beforeEach(async () => {
      sent = [];
      const elsewhere = await listen((request, response) => {
        sent.push(request.url ?? '');
        json(200, { data: NEXT, ...NEXT })(request, response);
      });
      answer = ({ url = '' }, response) => void response.writeHead(307, { location: elsewhere + url }).end();
    });

    it('get no refresh token sent there, and the session is kept', async () => {
      await expect(client.token(PAIR.access_token)).rejects.toThrow('fetch failed');
      expect([sent, ended, await client.token()]).toEqual([[], 0, PAIR.access_token]);
      answer = json(200, { data: NEXT });
      expect(await client.token(PAIR.access_token)).toBe(NEXT.access_token);
    });

    it('get no token to revoke sent there', async () => {
      await expect(client.logout()).rejects.toThrow('fetch failed');
      expect([sent, ended]).toEqual([[], 1]);
    });

    it('get no secret sent there', async () => {
      const redirect = answer;
      answer = (request, response) =>
        (request.method === 'GET'
          ? json(200, {
              issuer: base,
              token_endpoint: `${base}/token`,
              token_endpoint_auth_methods_supported: ['client_secret_post'],
            })
          : redirect)(request, response);
      const { token } = clientCredentials({ issuer: base, clientId: 'billing', clientSecret: 'secret' });
      await expect(token()).rejects.toThrow('fetch failed');
      expect(sent).toEqual([]);
    });
  });

  it.each([{ data: {} }, { data: { access_token: 'alone' } }, { data: null }, {}])(
    'keeps the session where a refresh is answered %j',
    async (body) => {
      answer = json(200, body);
      await expect(client.token(PAIR.access_token)).rejects.toThrow('Not refreshed: status 200');
      expect([ended, await client.token()]).toEqual([0, PAIR.access_token]);
    },
  );
});

it.each<[string, () => Promise<string>]>([
  ['rejects', () => Promise.reject(new Error('no access to storage'))],
  [
    'throws',
    () => {
      throw new Error('no access to storage');
    },
  ],
])('a storage that %s is told to whoever asks for a token, and to nobody else', async (_how, getItem) => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listener);
  try {
    const storage = { getItem, setItem: () => undefined, removeItem: () => undefined };
    const client = createFastauthClient({ baseUrl: 'http://127.0.0.1:1', storage });
    await expect(client.token()).rejects.toThrow('no access to storage');
    await new Promise((done) => setTimeout(done, 20));
    client.close();
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', listener);
  }
});
