import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { AccessOnly, MasterOnly, Scopes } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { KeepingSink } from '../support/observers.js';

@Controller('devices')
class DevicesController {
  @AccessOnly()
  @Get(':id')
  device() {
    return {};
  }

  @Scopes('devices:write')
  @Get(':id/reset')
  reset() {
    return {};
  }

  @MasterOnly()
  @Get(':id/owner')
  owner() {
    return {};
  }
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

describe.each(ADAPTERS)('refusals on %s', (adapter) => {
  const sink = new KeepingSink();
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [DevicesController],
      fastauth: { auditSink: sink, accessTokenExpiresIn: 60, accessTokenPaths: ['/files'] },
    });
  });
  afterAll(() => app.close());

  /** A refused request, with its event. */
  async function refused(path: string, headers: Record<string, string> = {}) {
    let response!: Awaited<ReturnType<typeof fetch>>;
    const records = await sink.during(async () => {
      response = await fetch(`${app.url}${path}`, { headers });
    });
    const event = records.find(({ type }) => type === 'access.denied');
    return {
      event,
      status: response.status,
      id: response.headers.get('X-Request-Id'),
      body: (await response.json()) as { detail?: string; code?: string; hint?: string },
    };
  }

  it.each(['/devices/1', '/files/1.txt'])('say which event is theirs: %s', async (path) => {
    const brought = await refused(`${path}?secret=1`, { 'X-Request-Id': 'req-1' });
    expect(brought).toMatchObject({ status: 401, id: 'req-1', event: { correlationId: 'req-1' } });
    const made = await refused(path, { 'X-Request-Id': 'not a good one' });
    expect(made.id).toMatch(UUID);
    expect(made.event).toMatchObject({
      correlationId: made.id,
      code: 'missing_token',
      transport: 'http',
      method: 'GET',
      path,
      clientId: undefined,
      familyId: undefined,
    });
  });

  it('of endpoints do, too', async () => {
    const answer = await app.post('/auth/token/refresh', { refresh_token: 'x' }, { 'X-Request-Id': 'req-2' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('X-Request-Id')).toBe('req-2');
  });

  it('name client and session where the token was ours', async () => {
    const old = await app.issue('ada');
    const bearer = { clientId: 'ada', familyId: expect.any(String) };
    const { access_token: current } = (
      await app.post('/auth/token/refresh', { refresh_token: old.refresh_token })
    ).body.data as { access_token: string };
    const bearing = (token: string) => ({ Authorization: `Bearer ${token}` });
    const codeOf = async (path: string, token: string) => {
      const { event, body } = await refused(path, bearing(token));
      expect(event).toMatchObject({ code: body.code, ...bearer });
      return body.code;
    };
    expect(await codeOf('/devices/1', old.access_token)).toBe('token_superseded');
    expect(await codeOf('/devices/1/reset', current)).toBe('insufficient_scope');
    expect(await codeOf('/devices/1', old.refresh_token)).toBe('wrong_token_type');
    app.clock.advance(120);
    expect(await codeOf('/devices/1', current)).toBe('token_expired');
    const other = await app.issue('ada');
    await app.post('/auth/token/revoke', { token: other.refresh_token });
    expect(await codeOf('/devices/1', other.access_token)).toBe('session_revoked');
  });

  it('say nothing of whose it was where it was forged', async () => {
    const { access_token: token } = await app.issue('ada');
    const forged = `${token.slice(0, -6)}AAAAAA`;
    const { event } = await refused('/devices/1', { 'ACCESS-TOKEN': forged });
    expect(event).toMatchObject({ code: 'invalid_token', clientId: undefined, familyId: undefined });
  });

  it('hint at likely mistakes, in the same words for right and wrong master tokens', async () => {
    const wrong = 'master-token-of-somebody';
    const hints = await Promise.all(
      [MASTER_TOKEN, wrong].flatMap((token) => [
        refused('/devices/1', { Authorization: `Bearer ${token}` }),
        refused('/devices/1', { 'ACCESS-TOKEN': token }),
        refused('/devices/1/owner', { Authorization: `Bearer ${token}` }),
        refused('/devices/1', { Authorization: token }),
      ]),
    );
    const [bearer, header, elsewhere, bare, ...ofWrong] = hints.map(({ body }) => body);
    expect(bearer?.hint).toContain('MASTER-TOKEN');
    expect(header).toEqual(bearer);
    expect(elsewhere).toMatchObject({
      detail: 'Unauthorized Master Token',
      hint: expect.stringContaining('MASTER-TOKEN'),
    });
    expect(bare).toMatchObject({ code: 'missing_token', hint: expect.stringContaining('Bearer') });
    expect(ofWrong).toEqual([bearer, header, elsewhere, bare]);
  });

  it('hint at nothing where none is likely', async () => {
    const { access_token: token } = await app.issue('ada');
    for (const headers of [{}, { Authorization: 'Basic YTpi' }, { 'MASTER-TOKEN': token }] as const) {
      const { body } = await refused('/devices/1/reset', { ...headers });
      expect(body).not.toHaveProperty('hint');
    }
    const { refresh_token: refresh } = await app.issue('ada');
    expect((await refused('/devices/1', { 'ACCESS-TOKEN': refresh })).body.hint).toContain('refresh');
  });
});

it('an identifier that the application answers is the one of the event', async () => {
  const sink = new KeepingSink();
  const app = await startApp({
    adapter: 'express',
    controllers: [DevicesController],
    fastauth: { auditSink: sink },
    configure: (nest) =>
      nest.use((_: Request, response: Response, next: NextFunction) => {
        response.setHeader('X-Request-Id', 'app-1');
        next();
      }),
  });
  const [record] = await sink.during(async () => {
    const response = await fetch(`${app.url}/devices/1`);
    expect(response.headers.get('X-Request-Id')).toBe('app-1');
  });
  expect(record).toMatchObject({ type: 'access.denied', correlationId: 'app-1' });
  await app.close();
});
