import { randomUUID } from 'node:crypto';
import http2 from 'node:http2';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Sse, StreamableFile } from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { concat, interval, map, of, type Observable } from 'rxjs';
import {
  AccessOnly,
  EndsWithToken,
  MemoryTokenStore,
  OptionalAccess,
  TokenService,
} from '../../src/index.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { type OwnDatabase, ownMariadb, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Bytes, a few at a time, for ever. */
function endless(): StreamableFile {
  const timers = new Set<NodeJS.Timeout>();
  const stream = new Readable({
    read() {
      timers.add(setTimeout(() => this.push('.'), 20));
    },
    destroy(error, done) {
      timers.forEach(clearTimeout);
      done(error);
    },
  });
  return new StreamableFile(stream);
}

function ticks(): Observable<{ data: number }> {
  return concat(of(0), interval(20)).pipe(map((data) => ({ data })));
}

/** As decorators do that know nothing of metadata; Nest's own come after it. */
function wrap(_target: object, _name: string, descriptor: PropertyDescriptor): void {
  const { value } = descriptor as { value: (...args: unknown[]) => unknown };
  descriptor.value = function (this: unknown, ...args: unknown[]) {
    return Reflect.apply(value, this, args);
  };
}

class Downloads {
  @Get('inherited')
  inherited() {
    return endless();
  }
}

@AccessOnly()
@Controller('lasting')
class LastingController extends Downloads {}

@AccessOnly()
@EndsWithToken()
@Controller('ending')
class EndingController extends Downloads {}

@Controller()
class StreamsController {
  @AccessOnly()
  @Get('wrapped')
  @wrap
  @EndsWithToken()
  wrapped() {
    return endless();
  }

  @AccessOnly()
  @Sse('events')
  events() {
    return ticks();
  }

  @AccessOnly()
  @EndsWithToken()
  @Get('export')
  export() {
    return endless();
  }

  @AccessOnly()
  @Get('download')
  download() {
    return endless();
  }

  @OptionalAccess()
  @Sse('news')
  news() {
    return ticks();
  }
}

/** A stream that is being read, and how it ended. */
class Reading {
  readonly ended: Promise<'ended' | 'cut'>;
  private hasEnded = false;

  constructor(
    readonly status: number,
    body: ReadableStream<Uint8Array>,
  ) {
    this.ended = this.read(body.getReader());
  }

  static async open(app: TestApp, path: string, headers: Record<string, string> = {}): Promise<Reading> {
    const response = await fetch(`${app.url}${path}`, { headers });
    return new Reading(response.status, response.body as ReadableStream<Uint8Array>);
  }

  /** How it ended within a second; `still there` if it did not. */
  async within(milliseconds = 1000): Promise<string> {
    const wait = new Promise<string>((resolve) => {
      setTimeout(resolve, milliseconds, 'still there').unref();
    });
    return this.hasEnded ? this.ended : Promise.race([this.ended, wait]);
  }

  private async read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<'ended' | 'cut'> {
    try {
      while (!(await reader.read()).done);
      return 'ended';
    } catch {
      return 'cut';
    } finally {
      this.hasEnded = true;
    }
  }
}

const bearing = (token: string) => ({ Authorization: `Bearer ${token}` });

describe.each(ADAPTERS)('streams on %s', (adapter) => {
  let app: TestApp;
  let tokens: TokenService;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [StreamsController, LastingController, EndingController],
      // What sockets may do is nothing to streams.
      fastauth: {
        accessTokenExpiresIn: 60,
        sessionsPerClient: 2,
        websocketFollows: 'session',
        websocketReauthenticationGrace: 60,
        accessTokenCookie: '__Host-access',
      },
    });
    tokens = app.app.get(TokenService);
  });
  afterAll(() => app.close());

  const ends = {
    expiry: async () => app.clock.advance(70),
    revocation: (clientId: string) => tokens.revokeClient(clientId),
    refresh: (_: string, refreshToken: string) => tokens.refresh(refreshToken),
    'newer sessions': async (clientId: string) => {
      for (let count = 0; count < 2; count++) await tokens.issue({ clientId });
    },
  };

  describe.each(['/events', '/export', '/news', '/wrapped', '/ending/inherited'])('%s', (path) => {
    it.each(Object.entries(ends))('is cut within a second of its token’s %s', async (how, end) => {
      const clientId = `${path} ${how}`;
      const { accessToken, refreshToken } = await tokens.issue({ clientId });
      const other = await tokens.issue({ clientId: 'other' });
      const reading = await Reading.open(app, path, bearing(accessToken));
      const others = await Reading.open(app, path, bearing(other.accessToken));
      expect(reading.status).toBe(200);
      expect(await reading.within(100)).toBe('still there');
      await end(clientId, refreshToken);
      expect(await reading.within()).toBe('cut');
      if (how !== 'expiry') expect(await others.within(50)).toBe('still there');
      await tokens.revokeClient('other');
      expect(await others.within()).toBe('cut');
    });
  });

  it('by cookie end in the same way', async () => {
    const { accessToken } = await tokens.issue({ clientId: 'browser' });
    const reading = await Reading.open(app, '/events', { Cookie: `__Host-access=${accessToken}` });
    await tokens.revokeClient('browser');
    expect(await reading.within()).toBe('cut');
  });

  it('that nobody asked to end go on, as those without a token do', async () => {
    const { accessToken } = await tokens.issue({ clientId: 'ada' });
    const download = await fetch(`${app.url}/download`, { headers: bearing(accessToken) });
    const news = await fetch(`${app.url}/news`);
    const lasting = await fetch(`${app.url}/lasting/inherited`, { headers: bearing(accessToken) });
    const readings = [download, news, lasting].map(({ status, body }) => new Reading(status, body!));
    await tokens.revokeClient('ada');
    for (const reading of readings) expect(await reading.within(300)).toBe('still there');
    app.app.getHttpServer().closeAllConnections();
    await Promise.all(readings.map((reading) => reading.ended));
  });
});

it.each(['/events', '/export'])('streams of HTTP/2 are cut, not ended: %s', async (path) => {
  const app = await startApp({
    adapter: 'fastify',
    controllers: [StreamsController],
    fastifyOptions: { http2: true } as ConstructorParameters<typeof FastifyAdapter>[0],
  });
  const tokens = app.app.get(TokenService);
  const { accessToken } = await tokens.issue({ clientId: 'ada' });
  const client = http2.connect(app.url);
  const stream = client.request({ ':path': path, authorization: `Bearer ${accessToken}` });
  const closed = new Promise((done) => {
    stream.once('error', () => undefined).once('close', () => done(stream.rstCode));
  });
  const ends: string[] = [];
  stream.on('end', () => ends.push('end'));
  await new Promise((done) => stream.once('data', done));
  await tokens.revokeClient('ada');
  expect([await closed, ends]).toEqual([http2.constants.NGHTTP2_INTERNAL_ERROR, []]);
  client.destroy();
  await app.close();
});

/** Two applications on one store: what one hears of the other does not depend on the process that it runs in. */
function endsAcross(databaseUrl: () => string): void {
  it('end when the other one revokes or refreshes', async () => {
    const fastauth = { databaseUrl: databaseUrl(), appName: `streams-${randomUUID()}` };
    const start = () => startApp({ adapter: 'fastify', controllers: [StreamsController], fastauth });
    const [one, other] = [await start(), await start()];
    const tokens = other.app.get(TokenService);
    const first = await tokens.issue({ clientId: 'ada' });
    const second = await tokens.issue({ clientId: 'bob' });
    const readings = [
      await Reading.open(one, '/events', bearing(first.accessToken)),
      await Reading.open(one, '/export', bearing(second.accessToken)),
    ];
    for (const reading of readings) expect(await reading.within(100)).toBe('still there');
    await tokens.revokeClient('ada');
    await tokens.refresh(second.refreshToken);
    expect(await Promise.all(readings.map((reading) => reading.within()))).toEqual(['cut', 'cut']);
    await one.close();
    await other.close();
  }, 20_000);
}

describe('streams of applications that share an LMDB folder', () => {
  afterAll(removeTemporaryFolders);
  endsAcross(() => `lmdb:${temporaryFolder()}`);
});

(await describeWith('Redis'))('streams of applications that share a Redis', () => {
  endsAcross(() => serviceUrl('Redis'));
});

for (const [service, own] of [
  ['PostgreSQL', ownPostgres],
  ['MariaDB', ownMariadb],
] as const) {
  (await describeWith(service))(`streams of applications that share a database of ${service}`, () => {
    let database: OwnDatabase;
    beforeAll(async () => {
      database = await own();
      await new SqlTokenStore({ url: database.url }).migrate();
    });
    endsAcross(() => database.url);
    afterAll(() => database.drop());
  });
}

it('of an application without any, no changes are followed', async () => {
  @Controller()
  class PlainController {
    @AccessOnly()
    @Get('plain')
    plain() {
      return {};
    }
  }
  let watches = 0;
  class WatchedStore extends MemoryTokenStore {
    override watch(...args: Parameters<MemoryTokenStore['watch']>) {
      watches++;
      return super.watch(...args);
    }
  }
  const app = await startApp({
    adapter: 'fastify',
    controllers: [PlainController],
    fastauth: { store: WatchedStore },
  });
  const { access_token: token } = await app.issue('ada');
  expect((await app.get('/plain', bearing(token))).status).toBe(200);
  expect(watches).toBe(0);
  await app.close();
});
