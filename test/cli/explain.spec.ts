import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '../../src/clock.js';
import { loadFastauthConfig } from '../../src/config/load-config.js';
import { FastauthEvents } from '../../src/events/fastauth-events.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import type { IssuedTokens } from '../../src/tokens/issued-tokens.js';
import { TokenService } from '../../src/tokens/token.service.js';
import { runCli } from '../support/run-cli.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Each run of the command is a process of its own. */
jest.setTimeout(120_000);

interface Step {
  readonly step: string;
  readonly passed: boolean;
  readonly message: string;
  readonly remedy?: string;
}

describe('fastauth explain', () => {
  const folder = temporaryFolder();
  const key = 'a-cryptography-key-of-this-test-0123456789';
  const master = 'master-token-of-this-test';
  const secrets: string[] = [key, master];
  const tokens: Record<string, string> = {};

  const explain = async (args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}) => {
    const run = await runCli(['explain', ...args, '--json'], { cwd: folder, input, env });
    for (const secret of secrets) expect(run.stdout + run.stderr).not.toContain(secret);
    const { steps, allowed, request } = JSON.parse(run.stdout) as {
      steps: readonly Step[];
      allowed: boolean;
      request?: string;
    };
    expect(run.code).toBe(allowed ? 0 : 1);
    return { steps, allowed, request, last: steps.at(-1), named: steps.map(({ step }) => step) };
  };
  const keep = (name: string, { accessToken, refreshToken }: IssuedTokens): void => {
    tokens[name] = accessToken;
    tokens[`${name} refresh`] = refreshToken;
    secrets.push(accessToken, refreshToken);
  };

  beforeAll(async () => {
    writeFileSync(
      join(folder, 'fastauth.config.json'),
      JSON.stringify({
        'cryptography-key': key,
        'master-token': master,
        'refresh-grace': 0,
        'sessions-per-client': 'unlimited',
        'access-token-paths': ['/devices', { path: '/fleet', scopes: ['fleet:read'] }],
        'master-token-paths': ['/admin'],
      }),
    );
    const { config } = loadFastauthConfig({}, { cwd: folder, env: {} });
    const store = new LmdbTokenStore({ folder: join(folder, '.fastauth') });
    await store.open();
    const serviceWith = (secret: string, clock = new SystemClock()) =>
      new TokenService(
        config,
        new ActiveKeyRing(KeyRing.fromSecret(secret)),
        store,
        clock,
        new FastauthEvents(),
      );
    const service = serviceWith(key);
    keep('good', await service.issue({ clientId: 'ada' }));
    keep('refreshed', await service.issue({ clientId: 'ada' }));
    await service.refresh(tokens['refreshed refresh'] as string);
    keep('revoked', await service.issue({ clientId: 'ada' }));
    await service.revokeToken(tokens['revoked'] as string);
    class Earlier extends SystemClock {
      override now(): number {
        return super.now() - 10_000_000;
      }
    }
    keep(
      'expired',
      await serviceWith(key, new Earlier()).issue({ clientId: 'ada', accessTokenExpiresIn: 60 }),
    );
    keep('forged', await serviceWith('another key of thirty-two bytes and more').issue({ clientId: 'ada' }));
    await store.close();
    const elsewhere = new LmdbTokenStore({ folder: join(temporaryFolder(), 'store') });
    await elsewhere.open();
    const other = new TokenService(
      config,
      new ActiveKeyRing(KeyRing.fromSecret(key)),
      elsewhere,
      new SystemClock(),
      new FastauthEvents(),
    );
    keep('gone', await other.issue({ clientId: 'ada' }));
    await elsewhere.close();
  });
  afterAll(removeTemporaryFolders);

  it.each([
    ['good', 'session', true, /^current; its session ends 20/],
    ['good refresh', 'session', true, /^current; it can be refreshed until 20/],
    ['refreshed', 'session', false, /^its session goes on with a newer token, since 20/],
    [
      'refreshed refresh',
      'session',
      false,
      /^it was refreshed before, since .*; sending it ends the session$/,
    ],
    ['revoked', 'session', false, /^its session was revoked 20/],
    ['gone', 'session', false, /^the store does not have its session/],
    ['expired', 'times', false, /^Signature has expired: issued 20.*, expires 20/],
    ['forged', 'signature', false, /^Signature verification failed$/],
  ])('tells the token %s by its step %s', async (name, step, isPassed, message) => {
    const { last, steps } = await explain([], `${tokens[name]}\n`);
    expect(last).toMatchObject({ step, passed: isPassed, message: expect.stringMatching(message) });
    if (!isPassed) expect(last?.remedy).toBeTruthy();
    for (const before of steps.slice(0, -1)) expect(before.passed).toBe(true);
  });

  it('tells what is no token, and a format that is not accepted', async () => {
    expect((await explain([], 'x')).last).toMatchObject({ step: 'form', passed: false });
    expect((await explain([], master)).last).toMatchObject({
      step: 'form',
      remedy: expect.stringContaining('MASTER-TOKEN'),
    });
    const config = join(folder, 'opaque.json');
    writeFileSync(config, JSON.stringify({ 'cryptography-key': key, 'token-format': 'opaque' }));
    expect((await explain(['--config', config], tokens['good'])).last).toMatchObject({
      step: 'form',
      remedy: 'Name its format in accepted-token-formats.',
    });
  });

  it.each([
    ['GET /devices/1', ['ACCESS-TOKEN: -'], 'good', true, /^let in/],
    ['GET /Devices//1?x=1', ['Authorization: Bearer -'], 'good', true, /^let in/],
    ['GET /devices', ['Authorization: -'], 'good', false, /^401 missing_token/],
    ['GET /devices', [], '', false, /^401 missing_token/],
    ['GET /devices', ['ACCESS-TOKEN: -', 'ACCESS-TOKEN: -'], 'good', false, /^400 invalid_request/],
    ['GET /devices', ['ACCESS-TOKEN: -'], 'good refresh', false, /^401 wrong_token_type/],
    ['GET /devices', ['ACCESS-TOKEN: -'], 'refreshed', false, /^401 token_superseded/],
    ['GET /devices', ['ACCESS-TOKEN: -'], 'revoked', false, /^401 session_revoked/],
    ['GET /devices', ['ACCESS-TOKEN: -'], 'expired', false, /^401 token_expired/],
    ['GET /fleet', ['ACCESS-TOKEN: -'], 'good', false, /^403 insufficient_scope/],
    ['GET /admin', ['ACCESS-TOKEN: -'], 'good', false, /^401/],
    ['GET /open', ['ACCESS-TOKEN: -'], 'revoked', true, /^let in/],
  ])('tells %s with %j (%s)', async (request, headers, name, isAllowed, verdict) => {
    const args = ['--request', request, ...headers.flatMap((header) => ['--header', header])];
    const { last, named, allowed } = await explain(args, tokens[name] ?? '');
    expect(allowed).toBe(isAllowed);
    expect(named[0]).toBe('credential');
    expect(named.slice(-2)).toEqual(['requirement', 'verdict']);
    expect(last).toMatchObject({ step: 'verdict', message: expect.stringMatching(verdict) });
  });

  it('names the master token, the rule that asks, and no query', async () => {
    const { steps, request, allowed } = await explain(
      ['--request', 'POST /admin/users?secret=query-secret', '--header', 'MASTER-TOKEN: -'],
      master,
    );
    expect({ request, allowed }).toEqual({ request: 'POST /admin/users', allowed: true });
    expect(steps).toContainEqual({ step: 'master token', passed: true, message: 'it is "master-token"' });
    expect(steps.at(-2)?.message).toMatch(/^master, by path rule "\/admin", decorators/);
  });

  it('finds no fault with a request without credentials where none are asked for', async () => {
    const { steps, allowed } = await explain(['--request', 'GET /open']);
    expect({ allowed, passed: steps.every(({ passed }) => passed) }).toEqual({ allowed: true, passed: true });
    expect(steps[0]?.message).toBe('none was sent; the configuration asks for none');
  });

  it('says until when a refusal is only observed', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const settings = JSON.parse(readFileSync(join(folder, 'fastauth.config.json'), 'utf8')) as object;
    const config = join(folder, 'observed.json');
    writeFileSync(config, JSON.stringify({ ...settings, enforcement: 'observe', 'observe-until': until }));
    const observed = await explain(['--config', config, '--request', 'GET /devices']);
    expect(observed).toMatchObject({ allowed: true, last: { passed: true } });
    expect(observed.last?.message).toContain(`let in until ${until}`);
    expect(observed.last?.message).toContain('401 missing_token');
    const master = await explain(['--config', config, '--request', 'GET /admin']);
    expect(master).toMatchObject({
      allowed: false,
      last: { message: expect.stringMatching(/^401 missing/) },
    });
  });

  it('writes it for people, and refuses what is no request without quoting it', async () => {
    const { stdout } = await runCli(['explain', '--request', 'GET /devices'], { cwd: folder });
    expect(stdout).toMatch(/^GET \/devices\nfailed {2}credential {3}none was sent\n/);
    for (const args of [
      ['--request', 'devices'],
      ['--request', 'GET /', '--header', tokens['good'] as string],
      ['--header', 'ACCESS-TOKEN: -'],
    ]) {
      const run = await runCli(['explain', ...args], { cwd: folder });
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).not.toContain(tokens['good']);
    }
  });

  it('counts as no use, and says where the store does not answer', async () => {
    const settings = JSON.parse(readFileSync(join(folder, 'fastauth.config.json'), 'utf8')) as object;
    const config = join(folder, 'away.json');
    const away = { ...settings, 'database-url': 'redis://127.0.0.1:1', 'track-last-used': 1 };
    writeFileSync(config, JSON.stringify(away));
    expect((await explain(['--config', config], tokens['good'])).last).toMatchObject({
      step: 'session',
      message: 'the store does not answer',
    });
  });
});
