import { Controller, Get, Post } from '@nestjs/common';
import { WebSocketGateway, SubscribeMessage } from '@nestjs/websockets';
import { WsAdapter } from '@nestjs/platform-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AccessOnly,
  AnyOf,
  CurrentPrincipal,
  Fresh,
  MasterOnly,
  OptionalAccess,
  type Principal,
  Public,
  Scopes,
  TokenService,
} from '../../src/index.js';
import { ADAPTERS, type Answer, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { TestSocket } from '../support/sockets.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

@Controller('things')
@Scopes('things:read')
class ThingsController {
  @Get() read(@CurrentPrincipal() principal: Principal) {
    return { scopes: principal.scopes };
  }
  @Get('write') @Scopes('things:read', 'things:write') write() {}
  @Get('any') @AnyOf(MasterOnly(), Scopes('fleet:admin'), Scopes('things:read', 'things:own')) any(
    @CurrentPrincipal() { level }: Principal,
  ) {
    return { level };
  }
  @Get('fresh') @Fresh(300) fresh() {}
  @Get('fresh-scope') @Fresh(300) @Scopes('things:write') freshScope() {}
  @Get('optional') @OptionalAccess() optional(@CurrentPrincipal() principal?: Principal) {
    return { clientId: principal?.clientId ?? null };
  }
  @Get('plain') @AccessOnly() plain() {}
}

@Controller('rules')
class RulesController {
  @Get() read() {}
  @Post() write() {}
}

@WebSocketGateway({ path: '/sockets' })
class SocketsGateway {
  @SubscribeMessage('scoped')
  @Scopes('sockets:send')
  scoped() {
    return { event: 'scoped', data: 'sent' };
  }
  @SubscribeMessage('any')
  @AnyOf(MasterOnly(), Scopes('sockets:any'))
  any() {
    return { event: 'any', data: 'sent' };
  }
}

const told = ({ status, body, headers }: Answer) => ({
  status,
  code: body?.code as unknown,
  challenge: headers.get('www-authenticate'),
});

describe.each(ADAPTERS)('what a route asks, on %s', (adapter) => {
  let app: TestApp;
  let bearer: (...scopes: string[]) => Promise<Record<string, string>>;
  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [ThingsController, RulesController],
      providers: [SocketsGateway],
      fastauth: {
        sessionsPerClient: 'unlimited',
        accessTokenPaths: [{ path: '/rules', methods: ['POST'], scopes: ['rules:write'] }],
      },
      configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
    });
    bearer = async (...scopes) => {
      const { accessToken } = await app.app.get(TokenService).issue({ clientId: 'c', scopes });
      return { Authorization: `Bearer ${accessToken}` };
    };
  });
  afterAll(() => app.close());

  it('scopes: all of them, the method in the place of the class', async () => {
    const read = await bearer('things:read');
    expect((await app.get('/things', read)).body).toEqual({ scopes: ['things:read'] });
    expect(told(await app.get('/things'))).toEqual({
      status: 401,
      code: 'missing_token',
      challenge: 'Bearer realm="fastauth", scope="things:read"',
    });
    expect(told(await app.get('/things/write', read))).toEqual({
      status: 403,
      code: 'insufficient_scope',
      challenge: expect.stringMatching(
        /^Bearer realm="fastauth", error="insufficient_scope", error_description="[^"]+", scope="things:read things:write"$/,
      ) as unknown,
    });
    expect((await app.get('/things/write', await bearer('things:write', 'things:read'))).status).toBe(200);
    expect((await app.get('/things/plain', await bearer())).status).toBe(200);
    expect((await app.get('/things', MASTER)).status).toBe(401);
    for (const near of ['things', 'things:reader', 'Things:read', 'things:read,things:write']) {
      expect((await app.get('/things', await bearer(near))).status).toBe(403);
    }
  });

  it('alternatives: the credentials that were sent choose', async () => {
    expect((await app.get('/things/any', MASTER)).body).toEqual({ level: 'master' });
    expect((await app.get('/things/any', await bearer('fleet:admin'))).body).toEqual({ level: 'access' });
    expect((await app.get('/things/any', await bearer('things:own', 'things:read'))).status).toBe(200);
    expect(told(await app.get('/things/any'))).toMatchObject({ status: 401, code: 'missing_token' });
    expect(told(await app.get('/things/any', await bearer('things:own')))).toMatchObject({
      status: 403,
      challenge: expect.stringContaining('scope="fleet:admin"') as unknown,
    });
    expect(told(await app.get('/things/any', await bearer('things:own', 'x')))).toMatchObject({
      status: 403,
    });
    const wrong = { 'MASTER-TOKEN': 'wrong' };
    expect((await app.get('/things/any', { ...wrong, ...(await bearer('fleet:admin')) })).status).toBe(200);
    expect(told(await app.get('/things/any', wrong))).toMatchObject({ status: 401, code: 'invalid_token' });
    expect((await app.get('/things/any', { ...MASTER, ...(await bearer()) })).status).toBe(200);
  });

  it('freshness: of the session, which no refresh renews', async () => {
    const tokens = app.app.get(TokenService);
    const first = await tokens.issue({ clientId: 'f', scopes: ['things:write'] });
    const sent = (token: string) => ({ 'ACCESS-TOKEN': token });
    expect((await app.get('/things/fresh', sent(first.accessToken))).status).toBe(200);
    app.clock.advance(290);
    const second = await tokens.refresh(first.refreshToken);
    expect((await app.get('/things/fresh-scope', sent(second.accessToken))).status).toBe(200);
    app.clock.advance(20);
    expect(told(await app.get('/things/fresh', sent(second.accessToken)))).toEqual({
      status: 401,
      code: 'insufficient_user_authentication',
      challenge: expect.stringContaining('error="insufficient_user_authentication"') as unknown,
    });
    const stale = told(await app.get('/things/fresh-scope', sent(second.accessToken)));
    expect(stale.challenge).toContain('max_age="300"');
    // The age is judged before the scope.
    const other = await tokens.issue({ clientId: 'g', scopes: [] });
    app.clock.advance(301);
    expect(told(await app.get('/things/fresh-scope', sent(other.accessToken))).status).toBe(401);
  });

  it('optional access: nothing, but what is sent has to be good', async () => {
    expect((await app.get('/things/optional')).body).toEqual({ clientId: null });
    expect((await app.get('/things/optional', await bearer())).body).toEqual({ clientId: 'c' });
    expect(told(await app.get('/things/optional', { 'ACCESS-TOKEN': 'x' }))).toMatchObject({ status: 401 });
    expect((await app.get('/things/optional', { Authorization: 'Basic eDp5' })).status).toBe(200);
  });

  it('path rules for methods, with scopes', async () => {
    expect((await app.get('/rules')).status).toBe(200);
    expect(told(await app.post('/rules', {}))).toMatchObject({
      status: 401,
      challenge: 'Bearer realm="fastauth", scope="rules:write"',
    });
    expect((await app.post('/rules/', {}, await bearer('other'))).status).toBe(403);
    expect((await app.post('//RULES', {}, await bearer())).status).toBe(403);
    expect((await app.post('/rules', {}, await bearer('rules:write'))).status).toBe(201);
  });

  describe('sockets', () => {
    let token: (...scopes: string[]) => Promise<string>;
    beforeEach(() => {
      token = async (...scopes) => (await bearer(...scopes))['Authorization'] ?? '';
    });
    const answers = async (event: string, headers: Record<string, string>): Promise<unknown> => {
      const socket = await TestSocket.open(`${app.url}/sockets`, { headers }).opened();
      socket.send({ event, data: {} });
      const answer = await socket.frame(0);
      socket.close();
      return answer;
    };

    it('are asked for scopes by their messages', async () => {
      expect(await answers('scoped', { Authorization: await token('sockets:send') })).toMatchObject({
        data: 'sent',
      });
      expect(JSON.stringify(await answers('scoped', { Authorization: await token('x') }))).toContain(
        'insufficient_scope',
      );
      expect(JSON.stringify(await answers('scoped', {}))).toContain('missing_token');
      expect(await answers('any', MASTER)).toMatchObject({ data: 'sent' });
      expect(await answers('any', { Authorization: await token('sockets:any') })).toMatchObject({
        data: 'sent',
      });
      expect(JSON.stringify(await answers('any', { Authorization: await token('x') }))).toContain(
        'insufficient_scope',
      );
    });
  });
});

describe('decorators that could guard nothing', () => {
  it.each([
    () => Scopes(),
    () => Scopes('two words'),
    () => Scopes('a"b'),
    () => Scopes(''),
    () => Scopes('a'.repeat(1025)),
    () => Fresh(0),
    () => Fresh(1.5),
    () => AnyOf(),
    () => AnyOf(OptionalAccess()),
    () => AnyOf(MasterOnly(), (() => undefined) as never),
  ])('are refused where they are written: %#', (decorate) => expect(decorate).toThrow(TypeError));

  it.each([AccessOnly, MasterOnly, OptionalAccess, Public])(
    'are refused without their parentheses, as compilers without types let them pass: %#',
    (decorator) => {
      const written = decorator as unknown as (...of: readonly unknown[]) => unknown;
      expect(() => written({}, 'method', {})).toThrow(/needs its parentheses/);
      expect(() => written(class {})).toThrow(/needs its parentheses/);
    },
  );
});
