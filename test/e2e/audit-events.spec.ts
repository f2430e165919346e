import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditRecord } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { KeepingSink } from '../support/observers.js';
import { RoutesController } from '../support/routes.controller.js';

describe.each(ADAPTERS)('what operators are told on %s', (adapter) => {
  const sink = new KeepingSink();
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: {
        auditSink: sink,
        introspectionAccess: 'public',
        failedAttemptsPerAddress: 1000,
        trustedProxies: ['127.0.0.1'],
      },
    });
  });
  afterAll(() => app.close());

  const FROM = { 'X-Forwarded-For': '203.0.113.9:4711', 'X-Request-Id': 'req-1' };
  const KNOWN = { address: '203.0.113.9', correlationId: 'req-1' };
  const during = async (act: () => Promise<unknown>, ...secrets: string[]): Promise<AuditRecord[]> => {
    const records = await sink.during(act);
    for (const secret of [MASTER_TOKEN, ...secrets]) expect(JSON.stringify(records)).not.toContain(secret);
    return records;
  };
  const refresh = (token: string) => app.post('/auth/token/refresh', { refresh_token: token }, FROM);

  it('a replay within the grace, one after it, and a forged refresh token', async () => {
    const { refresh_token: token } = await app.issue('ada');
    await refresh(token);
    const ada = { clientId: 'ada', familyId: expect.any(String), ...KNOWN };
    expect(await during(() => refresh(token), token)).toEqual([
      expect.objectContaining({ type: 'token.replayed', ...ada }),
    ]);
    app.clock.advance(11);
    const late = await during(() => refresh(token), token);
    expect(late).toEqual([
      expect.objectContaining({ type: 'token.reused', ...ada }),
      expect.objectContaining({
        type: 'token.refused',
        at: expect.any(Number),
        endpoint: 'refresh',
        ...KNOWN,
      }),
    ]);
    const forged = `${token.slice(0, -4)}AAAA`;
    expect(await during(() => refresh(forged), forged)).toEqual([
      expect.objectContaining({
        type: 'token.refused',
        at: expect.any(Number),
        endpoint: 'refresh',
        ...KNOWN,
      }),
    ]);
  });

  it.each(['revoke', 'introspect'] as const)('a bad token at the endpoint to %s', async (endpoint) => {
    const records = await during(
      () => app.post(`/auth/token/${endpoint}`, { token: 'eyJ.x.y' }, FROM),
      'eyJ.x.y',
    );
    expect(records).toEqual([
      expect.objectContaining({ type: 'token.refused', at: expect.any(Number), endpoint, ...KNOWN }),
    ]);
  });

  it('a use of the master token, and of many on one connection how many', async () => {
    const master = { 'MASTER-TOKEN': MASTER_TOKEN, ...FROM };
    const use = () => app.post('/auth/token/revoke', { client_id: 'nobody' }, master);
    const [first] = await during(use);
    expect(first).toMatchObject({ type: 'master.used', name: expect.any(String), uses: 1, ...KNOWN });
    const records = await during(async () => {
      for (let n = 0; n < 60; n++) await use();
    });
    const told = records.filter(({ type }) => type === 'master.used');
    expect(told.length).toBeLessThan(60);
    expect(told.length).toBeGreaterThan(0);
  });
});
