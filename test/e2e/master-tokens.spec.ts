import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, MasterOnly, type Principal } from '../../src/index.js';
import { masterTokenHash } from '../../src/config/master-token-entries.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';

const OLD = 'the old token of the operators';
const NEW = 'the new token of the operators';

@Controller()
class WhoController {
  @MasterOnly()
  @Get('master')
  master(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @MasterOnly()
  @AccessOnly()
  @Get('both')
  both(@CurrentPrincipal() principal: Principal) {
    return principal;
  }
}

describe.each(ADAPTERS)('several master tokens (%s)', (adapter) => {
  let server: TestApp;
  let overlapEnd: number;
  const asked = (path: string, token: string, more = {}) =>
    server.get(path, { 'MASTER-TOKEN': token, ...more });

  beforeAll(async () => {
    overlapEnd = Date.UTC(2030, 0, 2) / 1000;
    server = await startApp({
      adapter,
      controllers: [WhoController],
      fastauth: {
        masterTokens: [
          { name: 'ops-2029', token: OLD, expiresAt: '2030-01-02' },
          { name: 'ops-2030', hash: masterTokenHash(NEW) },
        ],
      },
    });
  });
  afterAll(() => server.close());

  it('opens for each of them, and tells which one it was, never its value', async () => {
    for (const [token, masterTokenName, expiresAt] of [
      [MASTER_TOKEN, 'master-token', undefined],
      [OLD, 'ops-2029', overlapEnd],
      [NEW, 'ops-2030', undefined],
    ] as const) {
      const { status, body, text } = await asked('/master', token);
      expect({ status, body }).toMatchObject({ status: 200, body: { level: 'master', masterTokenName } });
      expect(body.expiresAt).toBe(expiresAt);
      expect(text).not.toContain(token);
    }
  });

  it('tells both where both are needed', async () => {
    const { access_token } = await server.issue('sensor');
    const { body } = await asked('/both', OLD, { 'ACCESS-TOKEN': access_token });
    expect(body).toMatchObject({
      level: 'master',
      clientId: 'sensor',
      masterTokenName: 'ops-2029',
      expiresAt: overlapEnd,
    });
  });

  it.each([
    ['a hash instead of the token', masterTokenHash(NEW)],
    ['another', `${NEW}x`],
    ['less', NEW.slice(1)],
  ])('stays closed for %s', async (_what, token) => {
    const { status, body } = await asked('/master', token);
    expect({ status, body }).toEqual({
      status: 401,
      body: { detail: 'Unauthorized Master Token', code: 'invalid_token' },
    });
  });

  it('issues by any of them, and refuses one that has expired', async () => {
    expect((await asked('/auth/token/new', NEW)).status).toBe(200);
    server.clock.advance(overlapEnd - server.clock.seconds - 1);
    expect((await asked('/master', OLD)).status).toBe(200);
    server.clock.advance(1);
    expect((await asked('/master', OLD)).status).toBe(401);
    expect((await asked('/auth/token/new', OLD)).status).toBe(401);
    expect((await asked('/master', NEW)).status).toBe(200);
  });
});
