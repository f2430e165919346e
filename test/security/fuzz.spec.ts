import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import * as fc from 'fast-check';
import { AccessOnly, ConfigError } from '../../src/index.js';
import { loadFastauthConfig } from '../../src/config/load-config.js';
import { SETTING_NAMES } from '../../src/config/settings.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { sendRaw } from '../support/raw-request.js';
import {
  RoutesController,
  SCOPED_PATHS,
  SCOPED_RULE,
  ScopedRoutesController,
} from '../support/routes.controller.js';
import { SOCKET_IO, WS } from '../support/socket-platforms.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { createTokenService } from '../support/token-service.js';

/** `npm run fuzz` sets both: any number of runs, until the time is over. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 0);
const MILLISECONDS = Number(process.env['FUZZ_SECONDS'] ?? 0) * 1000;

function limits(numRuns: number): fc.Parameters<unknown> {
  if (RUNS === 0) return { numRuns };
  return MILLISECONDS > 0
    ? { numRuns: RUNS, interruptAfterTimeLimit: MILLISECONDS, markInterruptAsFailure: false }
    : { numRuns: RUNS };
}
const TIMEOUT = 30_000 + (MILLISECONDS > 0 ? 3 * MILLISECONDS : Math.min(RUNS * 100, 2_000_000_000));

/** What was found once, or is known from other libraries: tried first, every time. */
function corpus<T>(name: string): T[] {
  return JSON.parse(readFileSync(join('test/corpus', `${name}.json`), 'utf8')) as T[];
}

afterAll(removeTemporaryFolders);

describe('any configuration', () => {
  const SECRET_MARK = 'TOP-SECRET-VALUE';
  const file = join(temporaryFolder(), 'fastauth.config.json');
  const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const SECRET_SETTINGS = ['masterToken', 'masterTokens', 'cryptographyKey', 'cryptographyKeys', 'headers'];

  function expectRefusedOrRead(text: string): void {
    writeFileSync(file, text);
    try {
      loadFastauthConfig({ configFile: file, envFile: false }, { env: {}, cwd: '.' });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message.length).toBeGreaterThan(10);
      expect(`${String(error)}${JSON.stringify(error)}`.includes(SECRET_MARK)).toBe(false);
    }
  }

  const secret = fc.oneof(
    fc.constantFrom(
      SECRET_MARK,
      `<${SECRET_MARK}>`,
      `${SECRET_MARK}\n`,
      `-----BEGIN PUBLIC KEY-----${SECRET_MARK}`,
    ),
    fc.constantFrom<unknown>([SECRET_MARK], { [SECRET_MARK]: SECRET_MARK }, [[SECRET_MARK]], {
      token: SECRET_MARK,
    }),
    fc.constantFrom<unknown>(
      [
        { name: 'a', token: SECRET_MARK },
        { name: 'a', token: SECRET_MARK },
      ],
      [{ secret: SECRET_MARK }, { secret: SECRET_MARK, pem: SECRET_MARK }],
      [{ jwk: { kty: 'oct', k: SECRET_MARK, alg: 'none' } }, { kid: '/', secret: SECRET_MARK }],
      [{ pem: SECRET_MARK, algorithm: 'HS256' }],
      { 'Content-Length': SECRET_MARK, 'a b': SECRET_MARK, Host: SECRET_MARK, ok: `${SECRET_MARK}\r\nx: y` },
    ),
  );
  const names = fc.constantFrom(
    ...SETTING_NAMES.flatMap((name) => [name, kebab(name), kebab(name).replaceAll('-', '_')]),
  );
  const member = fc.oneof(
    fc.tuple(
      names.filter((name) => !SECRET_SETTINGS.map(kebab).includes(kebab(name).replaceAll('_', '-'))),
      fc.jsonValue(),
    ),
    fc.tuple(fc.constantFrom(...SECRET_SETTINGS, ...SECRET_SETTINGS.map(kebab)), secret),
    fc.tuple(
      fc.constantFrom('master-tokn', 'cryptographykey', 'MASTER_TOKEN', 'header', '__proto__', 'constructor'),
      secret,
    ),
    fc.tuple(fc.string(), fc.jsonValue()),
  );

  it(
    'of any JSON is read or refused by a ConfigError, and no secret value is told',
    () => {
      for (const text of corpus<string>('config')) expectRefusedOrRead(text);
      fc.assert(
        fc.property(fc.array(member, { maxLength: 6 }), (members) => {
          const texts = members.map(
            ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'}`,
          );
          expectRefusedOrRead(`{${texts.join(',')}}`);
        }),
        limits(300),
      );
      fc.assert(fc.property(fc.json(), expectRefusedOrRead), limits(100));
    },
    TIMEOUT,
  );

  it(
    'of any text, broken JSON with secrets in it too',
    () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 60 }), (noise, at) => {
          const text = `{"master-token":"${SECRET_MARK}","cryptography-key":"${SECRET_MARK}"}`;
          expectRefusedOrRead(text.slice(0, at) + noise + text.slice(at));
          expectRefusedOrRead(text.slice(0, at));
          expectRefusedOrRead(noise);
        }),
        limits(200),
      );
    },
    TIMEOUT,
  );
});

/** Changes of a text: characters in, out, replaced, swapped, parts doubled. */
function mutation(): fc.Arbitrary<(text: string) => string> {
  const at = fc.nat({ max: 1000 });
  const piece = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
    fc.constantFrom('.', '=', '-', '_', '+', '/', 'A', 'eyJ', '\0', ' ', '..'),
  );
  return fc.oneof(
    fc.tuple(at, piece).map(([n, text]) => (token: string) => {
      const index = n % (token.length + 1);
      return token.slice(0, index) + text + token.slice(index);
    }),
    fc.tuple(at, piece).map(([n, text]) => (token: string) => {
      const index = n % token.length;
      return token.slice(0, index) + text + token.slice(index + text.length);
    }),
    fc.tuple(at, fc.integer({ min: 1, max: 40 })).map(([n, count]) => (token: string) => {
      const index = n % token.length;
      return token.slice(0, index) + token.slice(index + count);
    }),
    fc.tuple(at, at).map(([from, to]) => (token: string) => {
      const [start, end] = [from % token.length, to % token.length].sort((a, b) => a - b) as [number, number];
      return token.slice(0, end) + token.slice(start);
    }),
    // Of the JSON inside.
    fc.tuple(fc.nat({ max: 1 }), at, piece).map(([part, n, text]) => (token: string) => {
      const parts = token.split('.');
      const json = Buffer.from(parts[part] ?? '', 'base64url').toString();
      const index = n % (json.length + 1);
      parts[part] = Buffer.from(json.slice(0, index) + text + json.slice(index)).toString('base64url');
      return parts.join('.');
    }),
  );
}

describe('any change of a good token', () => {
  it(
    'makes it a bad one, and harms nobody',
    async () => {
      const { service } = createTokenService();
      const issued = await service.issue({ clientId: 'device' });
      const goodOnes = new Set([issued.accessToken, issued.refreshToken]);
      const expectBad = async (token: string): Promise<void> => {
        if (goodOnes.has(token)) return;
        expect(await service.check(token)).toBeInstanceOf(TokenFault);
        await expect(service.refresh(token)).rejects.toMatchObject({ name: 'InvalidGrantError' });
      };
      for (const token of corpus<string>('tokens')) await expectBad(token);
      await fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.array(mutation(), { minLength: 1, maxLength: 3 }),
          async (isAccess, changes) => {
            await expectBad(
              changes.reduce(
                (token, change) => change(token) || '.',
                isAccess ? issued.accessToken : issued.refreshToken,
              ),
            );
          },
        ),
        limits(500),
      );
      await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary' }), expectBad), limits(200));
      expect(await service.verify(issued.accessToken)).toMatchObject({ clientId: 'device' });
      await expect(service.refresh(issued.refreshToken)).resolves.toMatchObject({ clientId: 'device' });
    },
    TIMEOUT,
  );
});

class PrivateGateway {
  reached = 0;

  @AccessOnly()
  @SubscribeMessage('private')
  private(): void {
    this.reached++;
  }
}

@WebSocketGateway(WS.at('/frames'))
class WsFrames extends PrivateGateway {}

@WebSocketGateway(SOCKET_IO.at('/'))
class IoFrames extends PrivateGateway {}

describe.each(ADAPTERS)('any bytes sent to %s', (adapter) => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [RoutesController, ScopedRoutesController],
      providers: [WsFrames],
      fastauth: { accessTokenPaths: ['/access', SCOPED_RULE], failedAttemptsPerAddress: 0 },
      configure: (nest) => nest.useWebSocketAdapter(WS.adapter(nest)),
    });
    token = (await app.issue('device')).access_token;
  });
  afterAll(() => app.close());

  const expectLives = async (): Promise<void> => {
    expect((await app.get('/whoami', { 'ACCESS-TOKEN': token })).status).toBe(200);
  };

  it(
    'as headers open nothing, and get no 5xx',
    async () => {
      const name = fc.oneof(
        fc.constantFrom(
          'ACCESS-TOKEN',
          'Authorization',
          'MASTER-TOKEN',
          'Cookie',
          'Content-Length',
          'Host',
          'access-token ',
        ),
        fc.string({ unit: 'binary', maxLength: 12 }),
      );
      const value = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.constantFrom('Bearer ', 'Bearer a.b.c', 'Basic x', ',', 'bearer\t', 'a,b', ''),
      );
      const line = fc.tuple(name, value).map(([n, v]) => `${n}: ${v}`.replaceAll(/\r|\n/g, ''));
      const expectShut = async (lines: readonly string[], path: string): Promise<void> => {
        const bytes = Buffer.from(
          [`GET ${path} HTTP/1.1`, 'Host: h', 'Connection: close', ...lines, '', ''].join('\r\n'),
        );
        // A length without a body keeps the server waiting for one, as it should.
        if (/content-length|transfer-encoding|upgrade|expect/i.test(lines.join())) return;
        const { status, body } = await sendRaw(app.url, bytes);
        expect([400, 401, 431]).toContain(status);
        expect(body).not.toMatch(/"content":"(?:access|scoped)"/);
      };
      for (const lines of corpus<string[]>('headers')) await expectShut(lines, '/access/health');
      await fc.assert(
        fc.asyncProperty(
          fc.array(line, { maxLength: 4 }),
          fc.constantFrom('/access/health', '/whoami', ...SCOPED_PATHS),
          expectShut,
        ),
        limits(150),
      );
      await expectLives();
    },
    TIMEOUT,
  );

  it(
    'as a whole request open nothing, and do not end the server',
    async () => {
      const start = fc.constantFrom(
        'GET /access/health HTTP/1.1\r\nHost: h\r\n',
        'GET /access/',
        'POST ',
        '',
      );
      await fc.assert(
        fc.asyncProperty(start, fc.uint8Array({ maxLength: 300 }), async (text, noise) => {
          const answer = await sendAndHangUp(
            app.url,
            Buffer.concat([Buffer.from(text), noise, Buffer.from('\r\n\r\n')]),
          );
          expect(answer).not.toContain('"content":"access"');
          expect(answer).not.toMatch(/HTTP\/1\.1 50[0-4]/);
        }),
        limits(60),
      );
      await expectLives();
    },
    TIMEOUT,
  );

  it(
    'as frames reach no guarded handler, and do not end the server',
    async () => {
      const gateway = app.app.get(WsFrames);
      const json = fc.json().map((text) => frame(Buffer.from(text)));
      const message = fc
        .record(
          { event: fc.oneof(fc.constant('private'), fc.string(), fc.jsonValue()), data: fc.jsonValue() },
          { requiredKeys: [] },
        )
        .map((value) => frame(Buffer.from(JSON.stringify(value))));
      const odd = fc
        .tuple(fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 200 }))
        .map(([head, data]) => frame(Buffer.from(data), head));
      const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
      const send = async (frames: readonly Buffer[]): Promise<void> => {
        await sendAndHangUp(app.url, Buffer.concat([upgrade('/frames'), ...frames]));
      };
      for (const text of corpus<string>('frames')) await send([frame(Buffer.from(text))]);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.oneof(json, message, odd, noise), { minLength: 1, maxLength: 6 }), send),
        limits(60),
      );
      expect(gateway.reached).toBe(0);
      const client = WS.connect(app.url.replace('http', 'ws'), '/frames', {
        headers: { 'ACCESS-TOKEN': token },
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
      client.emit('private');
      for (let tries = 0; gateway.reached === 0 && tries < 100; tries++)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(gateway.reached).toBe(1);
      client.close();
      await expectLives();
    },
    TIMEOUT,
  );

  it(
    'as packets of socket.io reach no guarded handler, and do not end the server',
    async () => {
      const server = await startApp({
        adapter,
        providers: [IoFrames],
        fastauth: { failedAttemptsPerAddress: 0 },
        configure: (nest) => nest.useWebSocketAdapter(SOCKET_IO.adapter(nest)),
      });
      const gateway = server.app.get(IoFrames);
      const packet = fc.oneof(
        fc
          .tuple(
            fc.constantFrom('4', '40', '41', '42', '43', '44', '45', '451-', '46', '42/,', '42["private"]'),
            fc.json(),
          )
          .map(([head, text]) => head + text),
        fc.jsonValue().map((value) => `42${JSON.stringify(['private', value])}`),
        fc.string({ unit: 'binary' }),
      );
      const send = async (packets: readonly string[]): Promise<void> => {
        const frames = ['40', ...packets].map((text) => frame(Buffer.from(text)));
        await sendAndHangUp(
          server.url,
          Buffer.concat([upgrade('/socket.io/?EIO=4&transport=websocket'), ...frames]),
        );
      };
      for (const text of corpus<string>('packets')) await send([text]);
      await fc.assert(fc.asyncProperty(fc.array(packet, { maxLength: 5 }), send), limits(40));
      expect(gateway.reached).toBe(0);
      await server.close();
    },
    TIMEOUT,
  );
});

/** Sends, listens for as long as something comes, and hangs up without a word. */
function sendAndHangUp(url: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let timer = setTimeout(() => socket.destroy(), 60);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(() => socket.destroy(), 20);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

function upgrade(target: string): Buffer {
  return Buffer.from(
    [
      `GET ${target} HTTP/1.1`,
      'Host: h',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      '',
      '',
    ].join('\r\n'),
  );
}

/** A client's frame of RFC 6455 section 5.2, masked. */
function frame(data: Buffer, head = 0x81): Buffer {
  const mask = randomBytes(4);
  const length =
    data.length < 126
      ? Buffer.of(0x80 | data.length)
      : Buffer.of(0x80 | 126, (data.length >> 8) & 0xff, data.length & 0xff);
  return Buffer.concat([
    Buffer.of(head),
    length,
    mask,
    data.map((byte, index) => byte ^ (mask[index % 4] as number)),
  ]);
}
