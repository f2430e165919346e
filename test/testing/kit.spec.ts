import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { INestApplication } from '@nestjs/common';
import {
  AccessOnly,
  CurrentPrincipal,
  FastauthModule,
  MasterOnly,
  OptionalAccess,
  Public,
  Scopes,
  type Principal,
} from '../../src/index.js';
import { fastauthTesting, FastauthTestingModule, type FastauthTesting } from '../../src/testing/index.js';
import { TestSocket } from '../support/sockets.js';

@Controller()
class DevicesController {
  @AccessOnly()
  @Get('devices')
  devices(@CurrentPrincipal() { clientId, claims }: Principal) {
    return { clientId, site: claims['site'] };
  }

  @MasterOnly()
  @Get('admin')
  admin(@CurrentPrincipal() { masterTokenName }: Principal) {
    return { masterTokenName };
  }

  @Scopes('devices:write')
  @Get('write')
  write() {
    return {};
  }

  @OptionalAccess()
  @Get('greeting')
  greeting() {
    return {};
  }

  @Public()
  @Get('health')
  health() {
    return {};
  }
}

@AccessOnly()
@WebSocketGateway({ path: '/feed' })
class FeedGateway {
  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() { clientId }: Principal) {
    return { event: 'whoami', data: clientId };
  }
}

type Options = NonNullable<Parameters<typeof FastauthModule.forRoot>[0]>;

describe('the kit for tests of applications', () => {
  let app: INestApplication;
  let auth: FastauthTesting;
  let url: string;
  afterEach(() => app?.close());

  async function start(options: Options = {}): Promise<void> {
    @Module({ controllers: [DevicesController], providers: [FeedGateway] })
    class DevicesModule {}
    const module = await Test.createTestingModule({
      imports: [DevicesModule, FastauthTestingModule.forRoot(options)],
    }).compile();
    app = module.createNestApplication({ logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    auth = fastauthTesting(app);
  }

  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(url + path, { headers: { ...headers } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  it('gives credentials that open what they should', async () => {
    await start();
    const { headers, protocols } = await auth.as('sensor-17', { claims: { site: 'north' }, label: 'roof' });
    expect(await get('/devices', headers)).toEqual({
      status: 200,
      body: { clientId: 'sensor-17', site: 'north' },
    });
    expect((await get('/admin', headers)).status).toBe(401);
    expect((await get('/write', headers)).status).toBe(403);
    const writer = await auth.as('writer', { scopes: ['devices:write'] });
    expect((await get('/write', writer.headers)).status).toBe(200);
    expect(await get('/admin', auth.asMaster().headers)).toEqual({
      status: 200,
      body: { masterTokenName: 'master-token' },
    });
    const socket = TestSocket.open(`${url}/feed`, { protocols });
    await socket.opened();
    socket.send({ event: 'whoami' });
    expect(await socket.frame(0)).toEqual({ event: 'whoami', data: 'sensor-17' });
    socket.close();
  });

  it.each(['jwt', 'jwe', 'opaque'] as const)('gives bad tokens of each kind, as %s', async (tokenFormat) => {
    await start({ tokenFormat });
    const codes = {
      expired: 'token_expired',
      revoked: 'session_revoked',
      superseded: 'token_superseded',
      forged: 'invalid_token',
    } as const;
    for (const kind of Object.keys(codes) as (keyof typeof codes)[]) {
      const { headers, refreshToken } = await auth[kind]();
      const answer = await get('/devices', headers);
      expect(answer).toMatchObject({ status: 401, body: { code: codes[kind] } });
      if (kind === 'superseded') continue;
      const refreshed = await fetch(`${url}/auth/token/refresh`, {
        method: 'POST',
        body: new URLSearchParams({ refresh_token: refreshToken }),
      });
      expect({ kind, status: refreshed.status }).toEqual({ kind, status: 401 });
    }
  });

  it('moves the time of the application', async () => {
    await start({ accessTokenExpiresIn: 900, clockTolerance: 0 });
    const { headers } = await auth.as('ada');
    auth.clock.advance('14m');
    expect((await get('/devices', headers)).status).toBe(200);
    auth.clock.advance(60);
    expect((await get('/devices', headers)).status).toBe(401);
    for (const wrong of ['15 minutes', '-1s', ''])
      expect(() => auth.clock.advance(wrong as '1s')).toThrow(`"${wrong}" is not a duration`);
  });

  it('tells what happened', async () => {
    await start();
    const refreshToken = await auth.refreshToken('ada');
    await fetch(`${url}/auth/token/refresh`, {
      method: 'POST',
      body: new URLSearchParams({ refresh_token: refreshToken }),
    });
    expect(auth.events.map(({ type }) => type)).toEqual(['token.issued', 'token.refreshed']);
    expect(auth.events[0]).toMatchObject({ clientId: 'ada' });
  });

  it('stands for the master tokens of the configuration, as long as they are good', async () => {
    await start({
      masterToken: '',
      masterTokens: [
        { name: 'ci', token: 'the token that nobody shall know' },
        { name: 'old', token: 'another token that nobody knows', expiresAt: Date.now() / 1000 + 3600 },
      ],
    });
    const { headers } = auth.asMaster('old');
    expect(await get('/admin', headers)).toMatchObject({ status: 200, body: { masterTokenName: 'old' } });
    auth.clock.advance('2h');
    expect((await get('/admin', headers)).status).toBe(401);
    expect((await get('/admin', auth.asMaster('ci').headers)).status).toBe(200);
    expect((await get('/admin', { 'master-token': 'master-of-tests-made-up' })).status).toBe(401);
    expect(() => auth.asMaster()).toThrow('No master token named "master-token" is configured');
  });

  it('finds what is open', async () => {
    await start();
    await auth.expectAllGuarded({ except: ['GET /health', 'GET /greeting'] });
    await auth.expectAllGuarded({ except: ['/health', '/greeting'] });
    await expect(auth.expectAllGuarded()).rejects.toThrow('GET /health is open to everybody');
    await expect(auth.expectAllGuarded({ except: ['/health', '/greeting', '/devices'] })).rejects.toThrow(
      '"except" names /devices, which is not an open route',
    );
  });

  it('is of one application, whatever others do', async () => {
    await start();
    const first = { app, url, auth };
    await start();
    first.auth.clock.advance('365d');
    const { headers } = await auth.as('ada');
    expect((await get('/devices', headers)).status).toBe(200);
    expect((await get('/admin', first.auth.asMaster().headers)).status).toBe(401);
    expect(first.auth.events).toHaveLength(0);
    await first.app.close();
  });

  it.each(['production', 'Production', ' PRODUCTION '])(
    'refuses to work in production: %j',
    (environment) => {
      const { NODE_ENV } = process.env;
      process.env['NODE_ENV'] = environment;
      try {
        expect(() => FastauthTestingModule.forRoot()).toThrow('NODE_ENV is "production"');
        expect(() => fastauthTesting(app)).toThrow('NODE_ENV is "production"');
      } finally {
        process.env['NODE_ENV'] = NODE_ENV;
      }
    },
  );
});
