import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { AccessOnly, MasterOnly, Public } from '../../src/index.js';
import { MASTER_TOKEN, startApp, type TestApp, type TestAppOptions } from '../support/app.js';
import { KeepingSink } from '../support/observers.js';
import { COMBINATIONS, type Credentials, type TestClient } from '../support/socket-platforms.js';
import { TestGateway } from '../support/test-gateway.js';

// What docs/websockets.md promises of both libraries on both HTTP adapters.

const ACCESS_REFUSED = 'Disconnected: Unauthorized ACCESS-TOKEN';
const MASTER_REFUSED = 'Disconnected: Unauthorized Master Token';
const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };
const HOME = 'https://app.example.com';

type Expected = 'in' | readonly [detail: string, code: string];
type Row = readonly [name: string, place: string, (token: string) => Credentials, Expected];

const ADMISSIONS: readonly Row[] = [
  ['no token', '/access', () => ({}), [ACCESS_REFUSED, 'missing_token']],
  ['ACCESS-TOKEN', '/access', (token) => ({ headers: { 'ACCESS-TOKEN': token } }), 'in'],
  ['a bearer token', '/access', (token) => ({ headers: { Authorization: `Bearer ${token}` } }), 'in'],
  // Schemes of HTTP are told apart without regard to case (RFC 9110 section 11.1).
  ['a BEARER token', '/access', (token) => ({ headers: { Authorization: `BEARER ${token}` } }), 'in'],
  ['a browser’s token', '/access', (token) => ({ browserToken: token }), 'in'],
  ['a token in the query', '/access', (token) => ({ queryToken: token }), [ACCESS_REFUSED, 'missing_token']],
  [
    'a damaged token',
    '/access',
    (token) => ({ headers: { 'ACCESS-TOKEN': `${token}x` } }),
    [ACCESS_REFUSED, 'invalid_token'],
  ],
  [
    'a damaged browser’s token',
    '/access',
    (token) => ({ browserToken: `${token}x` }),
    [ACCESS_REFUSED, 'invalid_token'],
  ],
  [
    'an empty token',
    '/access',
    () => ({ headers: { 'ACCESS-TOKEN': '' } }),
    [ACCESS_REFUSED, 'missing_token'],
  ],
  ['the master token alone', '/access', () => ({ headers: MASTER }), [ACCESS_REFUSED, 'missing_token']],
  [
    'two credentials of a kind',
    '/access',
    (token) => ({ headers: { 'ACCESS-TOKEN': token }, browserToken: token }),
    ['Disconnected: A credential was sent more than once', 'invalid_request'],
  ],
  ['no token', '/master', () => ({}), [MASTER_REFUSED, 'missing_token']],
  [
    'an access token',
    '/master',
    (token) => ({ headers: { 'ACCESS-TOKEN': token } }),
    [MASTER_REFUSED, 'missing_token'],
  ],
  [
    'a wrong master token',
    '/master',
    () => ({ headers: { 'MASTER-TOKEN': 'x' } }),
    [MASTER_REFUSED, 'invalid_token'],
  ],
  ['the master token', '/master', () => ({ headers: MASTER }), 'in'],
  [
    'one of two tokens',
    '/both',
    (token) => ({ headers: { 'ACCESS-TOKEN': token } }),
    [MASTER_REFUSED, 'missing_token'],
  ],
  ['the other of two tokens', '/both', () => ({ headers: MASTER }), [ACCESS_REFUSED, 'missing_token']],
  ['both tokens', '/both', (token) => ({ headers: { 'ACCESS-TOKEN': token, ...MASTER } }), 'in'],
  ['no token', '/open', () => ({}), 'in'],
  ['a bad token', '/open', () => ({ headers: { 'ACCESS-TOKEN': 'x.y.z' } }), 'in'],
  ['no token, under a path rule', '/ruled/feed', () => ({}), [ACCESS_REFUSED, 'missing_token']],
  ['a token, under a path rule', '/ruled/feed', (token) => ({ headers: { 'ACCESS-TOKEN': token } }), 'in'],
  [
    'no token, where an open and a guarded gateway share a place',
    '/shared',
    () => ({}),
    [ACCESS_REFUSED, 'missing_token'],
  ],
  [
    'a token, where an open and a guarded gateway share a place',
    '/shared',
    (token) => ({ browserToken: token }),
    'in',
  ],
];

describe.each(COMBINATIONS)('sockets of %s on %s', (_, adapter, platform) => {
  @AccessOnly()
  @WebSocketGateway(platform.at('/access'))
  class AccessGateway extends TestGateway {}
  @MasterOnly()
  @WebSocketGateway(platform.at('/master'))
  class MasterGateway extends TestGateway {}
  @AccessOnly()
  @MasterOnly()
  @WebSocketGateway(platform.at('/both'))
  class BothGateway extends TestGateway {}
  @Public()
  @WebSocketGateway(platform.at('/open'))
  class OpenGateway extends TestGateway {}
  @WebSocketGateway(platform.at('/ruled/feed'))
  class RuledGateway extends TestGateway {}
  @WebSocketGateway(platform.at('/shared'))
  class SharedOpenGateway extends TestGateway {}
  @AccessOnly()
  @WebSocketGateway(platform.at('/shared'))
  class SharedGuardedGateway {}
  const GREETERS = [AccessGateway, MasterGateway, BothGateway, OpenGateway, RuledGateway, SharedOpenGateway];

  const clients: TestClient[] = [];
  const connect = (app: TestApp, place: string, credentials: Credentials): TestClient => {
    const client = platform.connect(app.url, place, credentials);
    clients.push(client);
    return client;
  };
  const start = (fastauth: TestAppOptions['fastauth'], providers: TestAppOptions['providers']) =>
    startApp({
      adapter,
      providers: providers ?? [],
      fastauth: { accessTokenPaths: ['/ruled'], ...fastauth },
      configure: (nest) => nest.useWebSocketAdapter(platform.adapter(nest)),
    });

  let app: TestApp;
  let token: string;
  const seen = (): number => GREETERS.reduce((sum, type) => sum + app.app.get(type).connected.length, 0);

  beforeAll(async () => {
    app = await start({}, [...GREETERS, SharedGuardedGateway]);
    token = (await app.issue('sensor')).access_token;
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await app.close();
  });

  it.each(ADMISSIONS)('%s at %s', async (_name, place, credentials, expected) => {
    const before = seen();
    const client = connect(app, place, credentials(token));
    const refusal = await client.refused();
    if (expected === 'in') {
      expect(refusal).toBeUndefined();
      client.emit('echo', { nested: [1] });
      expect(await client.next('echo')).toEqual({ nested: [1] });
    } else {
      expect(refusal).toEqual({ detail: expected[0], code: expected[1] });
      // Gateway code never saw it.
      expect(seen()).toBe(before);
    }
    client.close();
  });

  it('messages need what their decorator says, and a refusal echoes nothing', async () => {
    const client = connect(app, '/access', { headers: { 'ACCESS-TOKEN': token } });
    expect(await client.refused()).toBeUndefined();
    client.emit('private');
    expect(await client.next('private')).toBe('for clients');
    client.emit('reboot', { token: 'sEcReT' });
    expect(await client.next('exception')).toEqual({
      status: 'error',
      detail: 'Unauthorized Master Token',
      code: 'missing_token',
    });
    expect(client.heard).not.toContain('sEcReT');
    const operator = connect(app, '/access', { headers: { 'ACCESS-TOKEN': token, ...MASTER } });
    await operator.refused();
    operator.emit('reboot');
    expect(await operator.next('reboot')).toBe('done');
  });

  it('refused messages and tokens are told to the audit trail, as of their handshake', async () => {
    const auditSink = new KeepingSink();
    const other = await start({ auditSink, trustedProxies: ['127.0.0.1'] }, [AccessGateway, OpenGateway]);
    const pair = await other.issue('sensor');
    const client = connect(other, '/access', {
      headers: {
        'ACCESS-TOKEN': pair.access_token,
        'X-Request-Id': 'handshake-17',
        'X-Forwarded-For': '192.0.2.7',
      },
    });
    await client.refused();
    const anonymous = connect(other, '/open', {});
    await anonymous.refused();
    const told = async (asking: TestClient, event: string, answer: string, data?: unknown) => {
      const before = auditSink.records.length;
      asking.emit(event, data);
      await asking.next(answer);
      return auditSink.records.slice(before);
    };
    const denied = { type: 'access.denied', correlationId: 'handshake-17', address: '192.0.2.7' };
    expect(await told(client, 'echo', 'echo', 1)).toEqual([]);
    expect(await told(client, 'reboot', 'exception')).toMatchObject([
      {
        ...denied,
        code: 'missing_token',
        level: 'master',
        reason: 'Unauthorized Master Token',
        path: undefined,
      },
    ]);
    const bad = { access_token: 'x.y.z' };
    expect(await told(client, 'fastauth.authenticate', 'fastauth.authenticate', bad)).toMatchObject([
      { ...denied, code: 'invalid_token', level: 'access' },
    ]);
    const [first, second] = [
      await told(anonymous, 'private', 'exception'),
      await told(anonymous, 'private', 'exception'),
    ];
    expect(first).toMatchObject([
      { type: 'access.denied', code: 'missing_token', level: 'access', address: '127.0.0.1' },
    ]);
    // One socket, one id.
    expect(first[0]?.correlationId).toMatch(/^[\da-f-]{36}$/);
    expect(second[0]?.correlationId).toBe(first[0]?.correlationId);
    await other.post('/auth/token/refresh', { refresh_token: pair.refresh_token });
    await client.next('fastauth.expiring');
    expect(await told(client, 'private', 'exception')).toMatchObject([
      { ...denied, code: 'token_superseded' },
    ]);
    const refused = await auditSink.during(() =>
      connect(other, '/access', { queryToken: 'sEcReT' }).refused(),
    );
    expect(refused).toMatchObject([{ type: 'access.denied', path: '/access' }]);
    for (const each of clients) each.close();
    await other.close();
  });

  it('@CurrentPrincipal() tells whose socket it is', async () => {
    for (const [place, credentials, principal] of [
      ['/access', { browserToken: token }, { level: 'access', client: 'sensor' }],
      ['/master', { headers: MASTER }, { level: 'master' }],
      ['/both', { headers: { 'ACCESS-TOKEN': token, ...MASTER } }, { level: 'master', client: 'sensor' }],
      ['/open', {}, null],
    ] as const) {
      const client = connect(app, place, credentials);
      expect(await client.refused()).toBeUndefined();
      client.emit('whoami');
      const answer = await client.next('whoami');
      if (principal === null) expect(answer).toBeNull();
      else expect(answer).toMatchObject(principal);
    }
  });

  it('foreign origins are refused where origins are listed, and those without one are not', async () => {
    const other = await start({ websocketOrigins: [HOME] }, [AccessGateway, OpenGateway]);
    const { access_token: good } = await other.issue('sensor');
    const access = { 'ACCESS-TOKEN': good };
    const foreign = { detail: 'Disconnected: Origin not allowed', code: 'origin_not_allowed' };
    for (const [place, headers, refusal] of [
      ['/access', access, undefined],
      ['/access', { ...access, Origin: HOME }, undefined],
      ['/access', { ...access, Origin: 'https://evil.example.com' }, foreign],
      ['/access', { ...access, Origin: `${HOME}.evil.example` }, foreign],
      ['/access', { ...access, Origin: 'null' }, foreign],
      ['/open', { Origin: 'http://app.example.com' }, foreign],
      ['/open', { Origin: HOME }, undefined],
    ] as const) {
      expect(await connect(other, place, { headers }).refused()).toEqual(refusal);
    }
    for (const client of clients) client.close();
    await other.close();
  });

  it('a token in the query counts where that is switched on', async () => {
    const other = await start({ websocketQueryToken: true }, [AccessGateway]);
    const { access_token: good } = await other.issue('sensor');
    expect(await connect(other, '/access', { queryToken: good }).refused()).toBeUndefined();
    expect(await connect(other, '/access', { queryToken: 'x.y.z' }).refused()).toMatchObject({
      code: 'invalid_token',
    });
    for (const client of clients) client.close();
    await other.close();
  });

  it('undecorated gateways are guarded where nothing is open by default', async () => {
    const other = await start({ defaultAccess: 'access' }, [SharedOpenGateway, OpenGateway]);
    expect(await connect(other, '/shared', {}).refused()).toMatchObject({ code: 'missing_token' });
    expect(await connect(other, '/open', {}).refused()).toBeUndefined();
    for (const client of clients) client.close();
    await other.close();
  });

  it('the application does not start under an adapter whose servers cannot be guarded', async () => {
    const uncontrolled = startApp({
      adapter,
      providers: [AccessGateway],
      configure: (nest) => {
        const foreign = platform.adapter(nest);
        foreign.create = () => ({ on: () => undefined, close: () => undefined });
        nest.useWebSocketAdapter(foreign);
      },
    });
    await expect(uncontrolled).rejects.toThrow('handshakes cannot be guarded');
  });
});
