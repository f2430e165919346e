import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { AccessOnly, MasterOnly, Public, Scopes, TokenService } from '../../src/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { KeepingSink } from '../support/observers.js';
import { sendRaw } from '../support/raw-request.js';
import { runCli } from '../support/run-cli.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Some of these run the command, a process of its own. */
jest.setTimeout(60_000);

const MASTER = 'Zq7-rVb2kXw9Lf4TnYc8Hs3Md6Gp1JeUaRo5';
const KEY = 'uW4nKe8Zt2Qx7Jr5Vb9Ly3Hd6Cf1Ms0PgTaX';

@Controller()
class DevicesController {
  @Public()
  @Get(['devices/:id', 'fleet/:id', 'admin/:id'])
  byPath() {
    return {};
  }

  @AccessOnly()
  @Get('declared')
  declared() {
    return {};
  }

  @Scopes('reset')
  @Get('scoped')
  scoped() {
    return {};
  }

  @MasterOnly()
  @Get('owner')
  owner() {
    return {};
  }
}

afterAll(removeTemporaryFolders);

describe.each(ADAPTERS)('a refusal that is asked why, on %s', (adapter) => {
  const folder = temporaryFolder();
  const sink = new KeepingSink();
  const tokens: Record<string, string> = {};
  let app: TestApp;

  const settings = {
    'cryptography-key': KEY,
    'master-tokens': [
      { name: 'operator', token: MASTER },
      { name: 'past', token: `past-${MASTER}`, 'expires-at': '2020-01-01' },
    ],
    'database-url': `lmdb:${join(folder, 'store')}`,
    'refresh-grace': 0,
    'sessions-per-client': 'unlimited',
    'access-token-paths': ['/devices', { path: '/fleet', scopes: ['fleet:read'] }],
    'master-token-paths': ['/admin'],
  };
  const start = async (fastauth: object = {}) => {
    const started = await startApp({
      adapter,
      controllers: [DevicesController],
      fastauth: {
        cryptographyKey: undefined,
        masterToken: undefined,
        databaseUrl: undefined,
        configFile: join(folder, 'fastauth.config.json'),
        auditSink: sink,
        ...fastauth,
      },
    });
    // The command, which has its own clock, looks at the same tokens.
    started.clock.advance((Date.now() - started.clock.now()) / 1000);
    return started;
  };
  const ask = (path: string, token: string, explain: string | null = MASTER, to = app) =>
    to.get(path, {
      'X-Request-Id': 'one',
      ...(token === '' ? {} : { 'ACCESS-TOKEN': token }),
      ...(explain === null ? {} : { 'X-Fastauth-Explain': explain }),
    });
  /** All of an answer but when it was given. */
  const whole = ({ status, headers, text }: Awaited<ReturnType<TestApp['get']>>) => {
    const kept = Object.fromEntries(headers);
    delete kept['date'];
    return { status, headers: kept, text };
  };

  beforeAll(async () => {
    writeFileSync(join(folder, 'fastauth.config.json'), JSON.stringify(settings));
    app = await start();
    const service = app.app.get(TokenService);
    const issue = (more: object = {}) => service.issue({ clientId: 'ada', ...more });
    tokens['good'] = (await issue()).accessToken;
    const superseded = await issue();
    tokens['superseded'] = superseded.accessToken;
    tokens['refresh'] = (await service.refresh(superseded.refreshToken)).refreshToken;
    tokens['revoked'] = (await issue()).accessToken;
    await service.revokeToken(tokens['revoked']);
    app.clock.advance(-1000);
    tokens['expired'] = (await issue({ accessTokenExpiresIn: 60 })).accessToken;
    app.clock.advance(1000);
    tokens['none'] = '';
  });
  afterAll(() => app.close());

  it.each([
    ['/devices/1', 'revoked', 'session_revoked', /^failed {2}session .*was revoked 20/m],
    ['/devices/1', 'superseded', 'token_superseded', /^failed {2}session .*goes on with a newer token/m],
    ['/devices/1', 'expired', 'token_expired', /^failed {2}times .*Signature has expired: issued 20/m],
    ['/devices/1', 'refresh', 'wrong_token_type', /^failed {2}type /m],
    ['/devices/1', 'none', 'missing_token', /^failed {2}credential .*none was sent/m],
    ['/fleet/1', 'good', 'insufficient_scope', /^ok {6}session .*current/m],
    ['/admin/1', 'good', 'missing_token', /^ok {6}requirement .*master, by path rule "\/admin"/m],
  ])('says of %s with a token (%s) what the command says', async (path, name, code, told) => {
    const token = tokens[name] as string;
    const plain = await ask(path, token, null);
    const answer = await ask(path, token);
    const { explanation, ...rest } = answer.body as { explanation: string[] };
    expect(rest).toEqual(plain.body);
    expect(plain.body).toMatchObject({ code });
    const headers = (of: typeof plain) => ({ ...whole(of).headers, 'content-length': undefined });
    expect(answer.status).toBe(plain.status);
    expect(headers(answer)).toEqual(headers(plain));
    const args = ['explain', '--request', `GET ${path}`];
    const run = await runCli(token === '' ? args : [...args, '--header', 'ACCESS-TOKEN: -'], {
      cwd: folder,
      input: token,
    });
    const [line, ...lines] = run.stdout.trimEnd().split('\n');
    expect(line).toBe(`GET ${path}`);
    expect(explanation).toEqual(lines);
    expect(explanation.join('\n')).toMatch(told);
    for (const secret of [MASTER, KEY, ...Object.values(tokens)].filter(Boolean)) {
      expect(answer.text).not.toContain(secret);
    }
  });

  it.each([
    ['/declared', 'none', 'access, by its handler'],
    ['/scoped', 'good', 'access with scope "reset", by its handler'],
    ['/owner', 'good', 'master, by its handler'],
  ])('says of %s, which decorators guard, what they ask', async (path, name, requirement) => {
    const { explanation } = (await ask(path, tokens[name] as string)).body as { explanation: string[] };
    expect(explanation.find((line) => line.includes('requirement'))).toContain(requirement);
    expect(explanation.some((line) => /^failed {2}verdict .*40[13] /.test(line))).toBe(true);
  });

  it('reports who asked as a use of the master token, and the refusal as any', async () => {
    const records = await sink.during(() => ask('/devices/1', tokens['revoked'] as string));
    expect(records.map(({ type }) => type).sort()).toEqual(['access.denied', 'master.used']);
    expect(records).toContainEqual(expect.objectContaining({ type: 'master.used', name: 'operator' }));
  });

  it.each([
    ['a wrong one', 'wrong'],
    ['an expired one', `past-${MASTER}`],
    ['nothing', ''],
    ['two in one', `${MASTER}, ${MASTER}`],
  ])('answers as ever to %s', async (_, explain) => {
    for (const path of ['/devices/1', '/declared']) {
      const token = tokens['revoked'] as string;
      expect(whole(await ask(path, token, explain))).toEqual(whole(await ask(path, token, null)));
    }
  });

  it('answers as ever where the header was sent twice', async () => {
    const header = `X-Fastauth-Explain: ${MASTER}`;
    const of = (headers: string[]) =>
      sendRaw(
        app.url,
        ['GET /devices/1 HTTP/1.1', 'Host: a', 'Connection: close', ...headers, '', ''].join('\r\n'),
      );
    expect(await of([header, header])).toEqual(await of([]));
    expect((await of([header])).body).toContain('explanation');
  });

  it('adds nothing to what is let in, refused otherwise, or asked for by HEAD', async () => {
    expect((await ask('/devices/1', tokens['good'] as string)).text).toBe('{}');
    const twice = await app.get('/devices/1', {
      'ACCESS-TOKEN': 'a',
      Authorization: 'Bearer b',
      'X-Fastauth-Explain': MASTER,
    });
    expect(twice.body).toEqual({ code: 'invalid_request', detail: expect.any(String) });
    const head = await app.request('HEAD', '/devices/1', { headers: { 'X-Fastauth-Explain': MASTER } });
    expect(head).toMatchObject({ status: 401, text: '' });
  });

  it('counts wrong master tokens, and hears nobody who sent too many', async () => {
    const limited = await start({
      databaseUrl: 'memory:',
      failedAttemptsPerAddress: 3,
      trustedProxies: ['127.0.0.0/8'],
    });
    const from = (path: string, headers: Record<string, string>) =>
      limited.get(path, { 'X-Forwarded-For': '192.0.2.7', ...headers });
    try {
      for (let attempt = 0; attempt < 5; attempt++) {
        expect((await from('/devices/1', { 'X-Fastauth-Explain': 'guess' })).status).toBe(401);
      }
      const right = await from('/devices/1', { 'X-Fastauth-Explain': MASTER });
      expect(right.status).toBe(401);
      expect(right.body).not.toHaveProperty('explanation');
      expect((await from('/owner', { 'MASTER-TOKEN': MASTER })).status).toBe(429);
    } finally {
      await limited.close();
    }
  });

  it.each(['production', ' Production'])(
    'does not look at the header with NODE_ENV=%j',
    async (environment) => {
      const before = process.env['NODE_ENV'];
      process.env['NODE_ENV'] = environment;
      const live = await start({ databaseUrl: 'memory:', failedAttemptsPerAddress: 1 }).finally(() => {
        process.env['NODE_ENV'] = before;
      });
      try {
        for (const path of ['/devices/1', '/declared']) {
          const plain = whole(await ask(path, '', null, live));
          for (const explain of [MASTER, 'wrong', 'wrong', 'wrong']) {
            expect(whole(await ask(path, '', explain, live))).toEqual(plain);
          }
        }
        expect(await sink.during(() => ask('/declared', '', MASTER, live))).toHaveLength(1);
      } finally {
        await live.close();
      }
    },
  );
});
