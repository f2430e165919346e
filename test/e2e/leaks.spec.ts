import { request as httpRequest } from 'node:http';
import { type LoggerService } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { FastauthEvents } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, SECRET, startApp } from '../support/app.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { RoutesController } from '../support/routes.controller.js';

const HEADER_SECRET = 'secret-of-the-store-header';

/** Keeps all that is logged, whatever its level, errors with their stacks and causes. */
class KeepingLogger implements LoggerService {
  readonly lines: string[] = [];
  readonly keep = (...parts: unknown[]): void => {
    this.lines.push(
      parts.map((part) => (part instanceof Error ? describeError(part) : String(part))).join(' '),
    );
  };
  log = this.keep;
  error = this.keep;
  warn = this.keep;
  debug = this.keep;
  verbose = this.keep;
  fatal = this.keep;
}

function describeError(error: Error): string {
  const { cause } = error;
  return `${error.stack}${JSON.stringify(error)}${cause instanceof Error ? describeError(cause) : String(cause)}`;
}

describe.each(ADAPTERS)('what a full run on %s logs, answers in errors and tells listeners', (adapter) => {
  it('holds no token, key or header value', async () => {
    const server = new PersistenceServer();
    await server.start();
    const logger = new KeepingLogger();
    const app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: {
        databaseUrl: server.url,
        storeTimeout: 0.2,
        headers: { 'x-api-key': HEADER_SECRET },
        accessTokenPaths: ['/access'],
        masterTokenPaths: ['/master', '/nowhere'],
      },
      override: (builder) => builder.setLogger(logger),
      configure: (nest) => nest.useLogger(logger),
    });
    const told: unknown[] = [];
    app.app.get(FastauthEvents).subscribe((event) => told.push(event));
    const secrets: string[] = [MASTER_TOKEN, SECRET, HEADER_SECRET];
    const refused: string[] = [];
    const note = async (
      answer: Promise<{ status: number; text: string; headers: Headers }>,
    ): Promise<void> => {
      const { status, text, headers } = await answer;
      if (status >= 400) refused.push(`${text}${JSON.stringify([...headers])}`);
    };

    const pair = await app.issue('device');
    secrets.push(pair.access_token, pair.refresh_token);
    const tampered = `${pair.access_token.slice(0, -2)}xx`;
    await note(app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token }));
    await note(app.get('/whoami', { 'ACCESS-TOKEN': tampered }));
    await note(app.get('/whoami', { Authorization: `Bearer ${pair.refresh_token}` }));
    await note(
      app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token, Authorization: `Bearer ${pair.access_token}` }),
    );
    await note(app.get('/whoami', { 'MASTER-TOKEN': MASTER_TOKEN }));
    await note(app.get('/admin/whoami', { 'MASTER-TOKEN': `${MASTER_TOKEN}x` }));
    await note(app.get('/master/health', { 'ACCESS-TOKEN': pair.access_token }));
    await note(app.get(`/access/${pair.access_token}`, { 'ACCESS-TOKEN': pair.refresh_token }));
    await note(app.post('/auth/token/refresh', { refresh_token: pair.access_token }));
    await note(app.post('/auth/token/refresh', { refresh_token: [pair.refresh_token] }));
    await note(app.post('/auth/token/refresh', `refresh_token=${pair.refresh_token}&refresh_token=x`));
    await note(app.post('/auth/token/new', `client_id=${pair.access_token}`, { 'MASTER-TOKEN': 'no' }));
    const refreshed = await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token });
    secrets.push(refreshed.body.data.access_token, refreshed.body.data.refresh_token);
    app.clock.advance(60);
    await note(app.post('/auth/token/refresh', { refresh_token: pair.refresh_token }));
    await note(app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token }));
    for (const faults of [{ status: 500 }, { refuse: true }, { text: pair.access_token }, { delay: 5000 }]) {
      server.faults = faults;
      await note(app.get('/whoami', { 'ACCESS-TOKEN': refreshed.body.data.access_token }));
      await note(app.get('/auth/token/new?client_id=x', { 'MASTER-TOKEN': MASTER_TOKEN }));
    }
    await repeatedHeader(app.url, pair.access_token);
    await app.close();
    await server.stop();

    const everything = [...logger.lines, ...refused, JSON.stringify(told)].join('\n');
    expect(logger.lines.length).toBeGreaterThan(5);
    expect(refused.length).toBeGreaterThan(15);
    expect(told.length).toBeGreaterThan(1);
    for (const secret of secrets) {
      expect(everything.includes(secret)).toBe(false);
      // Nor a part of a token that could be put together with another: its signature.
      const signature = secret.split('.')[2];
      if (signature) expect(everything.includes(signature)).toBe(false);
    }
  });
});

/** The same header twice, which fetch would join. */
function repeatedHeader(url: string, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    httpRequest(`${url}/whoami`, { headers: ['ACCESS-TOKEN', token, 'ACCESS-TOKEN', token] }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 400) resolve();
        else reject(new Error(`answered ${response.statusCode}`));
      });
    })
      .once('error', reject)
      .end();
  });
}
