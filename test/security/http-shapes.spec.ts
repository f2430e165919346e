import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, MASTER_TOKEN, SECRET, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';

const PROTECTED = /"content":"(?:access|master|param)"|clientId|"level"/;
const INNER = /node_modules|\.[jt]s:\d+|at .*\(|SyntaxError|TypeError/;
/** A server that waits for the rest of a request has said all that it will say. */
const QUIET_MS = 250;

interface Conversation {
  readonly statuses: number[];
  readonly text: string;
}

/** Sends bytes over one connection and reads until the server closes it, or has been quiet for a while. */
function converse(url: string, bytes: string, isQuietTheEnd = false): Promise<Conversation> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(Buffer.from(bytes, 'latin1')));
    let text = '';
    let quiet: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => {
      socket.destroy();
      reject(new Error(`The server hung after ${text.split('\r\n', 1)[0]}`));
    }, 10_000);
    const wait = (): void => {
      clearTimeout(quiet);
      if (isQuietTheEnd) quiet = setTimeout(() => socket.destroy(), QUIET_MS);
    };
    wait();
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += String(chunk);
      wait();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(limit);
      clearTimeout(quiet);
      resolve({
        statuses: Array.from(text.matchAll(/HTTP\/1\.1 (\d{3})/g), ([, code]) => Number(code)),
        text,
      });
    });
  });
}

function requestText(
  target: string,
  lines: readonly string[] = [],
  { method = 'GET', body = '' } = {},
): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...lines, '', body].join('\r\n');
}

const CLOSE = 'Connection: close';

describe.each(ADAPTERS)('requests of unusual shape on %s', (adapter) => {
  let app: TestApp;
  let access: string;
  let mounting: Server;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: {
        accessTokenPaths: ['/access', '/both', '/outer/accessories'],
        masterTokenPaths: ['/master', '/both'],
        failedAttemptsPerAddress: 0,
      },
      fastifyOptions: {
        trustProxy: true,
        rewriteUrl: ({ url = '/' }) => url.replace(/^\/outer(?=\/)/, ''),
      },
      configure: (nest) => {
        // The server that believes most of what is sent has to hold, too.
        if (adapter === 'express')
          (nest.getHttpAdapter().getInstance() as { set(k: string, v: unknown): void }).set(
            'trust proxy',
            true,
          );
      },
    });
    access = `ACCESS-TOKEN: ${(await app.issue('device')).access_token}`;
    // What Express does for an application that is mounted below another one's path.
    const inner = app.app.getHttpAdapter().getInstance() as RequestListener;
    mounting = createServer((request, response) => {
      const original = request.url ?? '/';
      Object.assign(request, { originalUrl: original, url: original.replace(/^\/outer(?=\/)/, '') });
      inner(request, response);
    });
    await new Promise<void>((resolve) => mounting.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    mounting.closeAllConnections();
    mounting.close();
    await app.close();
  });

  function expectHarmless({ text }: Conversation): void {
    expect(PROTECTED.test(text)).toBe(false);
    expect(INNER.test(text)).toBe(false);
    expect(text.includes(SECRET) || text.includes(MASTER_TOKEN) || text.includes(access.slice(14))).toBe(
      false,
    );
    expect(/HTTP\/1\.1 5\d\d/.test(text.replaceAll(/HTTP\/1\.1 50[15]/g, ''))).toBe(false);
  }

  it('are not opened by headers that name another method, path, prefix, host or address', async () => {
    const headers = [
      ...['GET', 'HEAD', 'OPTIONS', 'POST', 'TRACE'].flatMap((method) => [
        `X-HTTP-Method-Override: ${method}`,
        `X-HTTP-Method: ${method}`,
        `X-Method-Override: ${method}`,
        `_method: ${method}`,
      ]),
      ...['/health', '/', '/accessories', 'http://localhost/health'].flatMap((path) => [
        `X-Original-URL: ${path}`,
        `X-Original-URI: ${path}`,
        `X-Rewrite-URL: ${path}`,
        `X-Forwarded-Uri: ${path}`,
        `X-Forwarded-Path: ${path}`,
        `X-Forwarded-Prefix: ${path}`,
        `X-Script-Name: ${path}`,
        `Referer: http://localhost${path}`,
      ]),
      'X-Forwarded-For: 127.0.0.1',
      'X-Real-IP: 127.0.0.1',
      'X-Forwarded-Host: localhost',
      'X-Forwarded-Proto: https',
      'Forwarded: for=127.0.0.1;host=localhost;proto=https',
      'X-Client-IP: ::1',
      'X-Custom-IP-Authorization: 127.0.0.1',
      'X-Authenticated-User: admin',
      'Via: 1.1 gateway',
      'Sec-Fetch-Site: same-origin',
      'Access-Control-Request-Method: GET',
      'Origin: null',
    ];
    for (const path of ['/access/health', '/whoami', '/master/health', '/access/param']) {
      const bytes = headers.map((line, n) =>
        requestText(path, [line, n === headers.length - 1 ? CLOSE : 'X-N: 1']),
      );
      const conversation = await converse(app.url, bytes.join(''));
      expect(conversation.statuses).toEqual(headers.map(() => 401));
      expectHarmless(conversation);
    }
    for (const line of ['X-Original-URL: /access/health', 'X-Rewrite-URL: /master/health']) {
      expect((await converse(app.url, requestText('/health', [line, CLOSE]))).text).toContain('healthy');
    }
  });

  it('are guarded whatever the method is, also where the body or the query names another', async () => {
    const methods = [
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'PROPFIND',
      'MKCOL',
      'LOCK',
      'REPORT',
      'M-SEARCH',
      'QUERY',
      'TRACE',
    ];
    for (const path of ['/access/health', '/master/health', '/access/none']) {
      for (const method of methods) {
        for (const query of ['', '?_method=GET', '?method=OPTIONS']) {
          const conversation = await converse(app.url, requestText(path + query, [CLOSE], { method }));
          expect([400, 401, 404]).toContain(conversation.statuses[0]);
          if (method !== 'QUERY' && method !== 'TRACE') expect(conversation.statuses[0]).not.toBe(404);
          expectHarmless(conversation);
        }
      }
      for (const method of ['get', 'Get', 'FOO', 'GET\t', '', 'GET,POST', 'CONNECT', 'PRI']) {
        expectHarmless(await converse(app.url, requestText(path, [CLOSE], { method }), true));
      }
      const body = '_method=GET';
      const lines = [
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
        CLOSE,
      ];
      expectHarmless(await converse(app.url, requestText(path, lines, { method: 'POST', body })));
    }
  });

  it('are guarded whatever the host is', async () => {
    const hosts = [
      '',
      'evil',
      'localhost/health',
      'localhost:80/../',
      'localhost@evil',
      '127.0.0.1',
      '[::1]',
      'x'.repeat(5000),
      'a b',
      '\u00e4',
    ];
    for (const host of hosts) {
      const bytes = `GET /access/health HTTP/1.1\r\nHost: ${host}\r\n${CLOSE}\r\n\r\n`;
      const conversation = await converse(app.url, bytes);
      expect([400, 401]).toContain(conversation.statuses[0]);
      expectHarmless(conversation);
      if (host.length > 4 && !host.startsWith('1')) expect(conversation.text.includes(host)).toBe(false);
    }
    for (const bytes of [
      `GET /access/health HTTP/1.1\r\n${CLOSE}\r\n\r\n`,
      `GET /access/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n${CLOSE}\r\n\r\n`,
      `GET http://evil/access/health HTTP/1.1\r\nHost: localhost\r\n${CLOSE}\r\n\r\n`,
      'GET /access/health HTTP/1.0\r\n\r\n',
    ]) {
      const conversation = await converse(app.url, bytes);
      expect([400, 401]).toContain(conversation.statuses[0]);
      expectHarmless(conversation);
    }
  });

  describe('are judged each alone on one connection:', () => {
    const open = (...lines: string[]) => requestText('/health', lines);
    const guarded = (...lines: string[]) => requestText('/access/health', lines);

    it('pipelined, a guarded one after an open one and the reverse', async () => {
      const sent = [
        open(),
        guarded(),
        open(),
        guarded(access),
        guarded(),
        requestText('/whoami'),
        requestText('/whoami', [access]),
        requestText('/master/health', [access]),
        open(access),
        guarded(CLOSE),
      ];
      const { statuses } = await converse(app.url, sent.join(''));
      expect(statuses).toEqual([200, 401, 200, 200, 401, 401, 200, 401, 200, 401]);
    });

    it('one at a time, after a 401 and before one', async () => {
      const { hostname, port } = new URL(app.url);
      const socket = connect(Number(port), hostname).setEncoding('latin1');
      const ask = async (bytes: string): Promise<string> => {
        let text = '';
        socket.write(bytes);
        while (!/\r\n\r\n[^]*\}$/.test(text))
          text += String(await new Promise((resolve) => socket.once('data', resolve)));
        return text;
      };
      for (let round = 0; round < 20; round++) {
        expect(await ask(guarded())).toMatch(/^HTTP\/1\.1 401 /);
        expect(await ask(guarded(access))).toMatch(/^HTTP\/1\.1 200 /);
        expect(await ask(requestText('/whoami'))).toMatch(/^HTTP\/1\.1 401 /);
        expect(await ask(open())).toMatch(/^HTTP\/1\.1 200 /);
      }
      socket.destroy();
    });

    it("the body of a refused one is no request, nor is an open one's", async () => {
      const body = guarded(access);
      for (const target of ['/access/health', '/whoami', '/health']) {
        for (const lines of [[`Content-Length: ${body.length}`], ['Transfer-Encoding: chunked']]) {
          const text = lines[0]?.startsWith('T')
            ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
            : body;
          const sent = requestText(target, lines, { method: 'GET', body: text }) + guarded(CLOSE);
          const conversation = await converse(app.url, sent);
          expect(conversation.statuses).toEqual([target === '/health' ? 200 : 401, 401]);
          expectHarmless(conversation);
        }
      }
    });
  });

  const inner = 'GET /access/health HTTP/1.1\r\nHost: h\r\n\r\n';
  const length = `Content-Length: ${inner.length}`;
  const chunked = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;

  it.each<[string, string[], string]>([
    ['length and chunks', [length, 'Transfer-Encoding: chunked'], chunked],
    ['chunks and length', ['Transfer-Encoding: chunked', 'Content-Length: 0'], chunked],
    ['two lengths', ['Content-Length: 0', length], inner],
    ['the same length twice', [length, length], inner],
    ['lengths in a list', [`Content-Length: 0, ${inner.length}`], inner],
    ['a length with a sign', [`Content-Length: +${inner.length}`], inner],
    ['a negative length', ['Content-Length: -1'], inner],
    ['a hexadecimal length', ['Content-Length: 0x10'], inner],
    ['a length with a space inside', ['Content-Length: 1 0'], inner],
    ['a length beyond numbers', ['Content-Length: 99999999999999999999999'], inner],
    ['a space before the colon', [`Content-Length : ${inner.length}`], inner],
    ['a space before the colon of the encoding', ['Transfer-Encoding : chunked'], chunked],
    ['chunked that is not last', ['Transfer-Encoding: chunked, gzip'], chunked],
    ['an unknown encoding', ['Transfer-Encoding: xchunked'], chunked],
    ['a chunk size that is none', ['Transfer-Encoding: chunked'], `xyz\r\n${inner}\r\n0\r\n\r\n`],
    ['a chunk size with a sign', ['Transfer-Encoding: chunked'], `+5\r\n${inner}\r\n0\r\n\r\n`],
    [
      'a chunk size beyond numbers',
      ['Transfer-Encoding: chunked'],
      `fffffffffffffffff\r\n${inner}\r\n0\r\n\r\n`,
    ],
    ['a chunk longer than it says', ['Transfer-Encoding: chunked'], `1\r\n${inner}\r\n0\r\n\r\n`],
    ['a bare CR in a header', ['X: a\rTransfer-Encoding: chunked'], ''],
    ['a NUL in a header', ['X: a\0b'], ''],
    ['a header without a colon', ['Transfer-Encoding'], ''],
    ['an empty header name', [': x'], ''],
  ])('are refused, and nothing in their body is a request: %s', async (_name, lines, body) => {
    for (const target of ['/health', '/access/health', '/auth/token/refresh']) {
      const conversation = await converse(
        app.url,
        requestText(target, lines, { method: 'POST', body }),
        true,
      );
      // An answer may come before the fault in the body is met, which then ends the connection; nothing comes after.
      const [first, second = 400, ...more] = conversation.statuses;
      expect([400, 401, 404, 415]).toContain(first);
      expect([second, more]).toEqual([400, []]);
      expectHarmless(conversation);
    }
  });

  it.each<[string, string]>([
    ['bare line feeds', `POST /health HTTP/1.1\nHost: h\n${length}\n\n${inner}`],
    [
      'a folded encoding',
      `POST /health HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${chunked}`,
    ],
    ['a space in the target', `GET /health /access/health HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['a tab in the target', `GET /access/health\tHTTP/1.1 HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['a NUL in the target', `GET /access/health\0 HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['bytes above ASCII in the target', `GET /acc\u00e9ss/health HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['CR LF in the target', `GET /health\r\nX: /access/health HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['a percent sign alone', `GET /access/%health HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['overlong UTF-8', `GET /access%c0%afhealth HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['a target of 64 KB', `GET /access/${'a'.repeat(65_536)} HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['a target of asterisks', `OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['a target without a slash', `GET access/health HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['another version', `GET /access/health HTTP/9.9\r\nHost: h\r\n\r\n`],
    ['no version', `GET /access/health\r\n\r\n`],
    ['the preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`],
    [
      'an upgrade to HTTP/2',
      `GET /access/health HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
    ],
    [
      'an upgrade where nobody listens',
      `GET /access/health HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ],
    [
      'an expectation',
      `POST /access/health HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    ],
    [
      'an unknown expectation',
      `POST /access/health HTTP/1.1\r\nHost: h\r\nExpect: x\r\nContent-Length: 0\r\n\r\n`,
    ],
    ['half a request', `GET /access/health HTTP/1.1\r\nHost: h\r\nACCESS-`],
    ['half a body', `POST /access/health HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc`],
    ['empty lines first', `\r\n\r\n\r\nGET /access/health HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    [
      'trailers with a token',
      `GET /access/health HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: ACCESS-TOKEN\r\n\r\n0\r\nMASTER-TOKEN: ${MASTER_TOKEN}\r\n\r\n`,
    ],
    [
      'a connection header that names the token',
      `GET /access/health HTTP/1.1\r\nHost: h\r\nConnection: ACCESS-TOKEN\r\n\r\n`,
    ],
  ])('never get protected content: %s', async (_name, bytes) => {
    expectHarmless(await converse(app.url, bytes, true));
  });

  it('are guarded below a path that an outer server takes away', async () => {
    const address = mounting.address() as AddressInfo;
    const outer = adapter === 'fastify' ? app.url : `http://127.0.0.1:${address.port}`;
    const statusOf = async (path: string, ...lines: string[]): Promise<number | undefined> =>
      (await converse(outer, requestText(path, [...lines, CLOSE]))).statuses[0];
    expect(await statusOf('/outer/health')).toBe(200);
    for (const path of [
      '/outer/access/health',
      '/outer/access/param',
      '/outer/access/none',
      '/outer/accessories',
    ]) {
      expect([path, await statusOf(path)]).toEqual([path, 401]);
    }
    expect(await statusOf('/outer/access/health', access)).toBe(200);
    expect(await statusOf('/outer/accessories', access)).toBe(200);
    expect(await statusOf('/outer/master/health', access)).toBe(401);
    expect(await statusOf('/outer/whoami')).toBe(401);
  });

  it('leave the server alive and open to those who may', async () => {
    const { statuses } = await converse(app.url, requestText('/access/health', [access, CLOSE]));
    expect(statuses).toEqual([200]);
  });
});
