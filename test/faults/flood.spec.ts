import type { IncomingMessage } from 'node:http';
import type { LoggerService } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ACCESS } from '../../src/access/requirement.js';
import { RequestCall } from '../../src/access/request-call.js';
import { isDenial } from '../../src/access/denial.js';
import { Gate } from '../../src/access/gate.js';
import type { SessionKey } from '../../src/sessions/session-record.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { startApp, type TestApp } from '../support/app.js';
import { collectGarbage } from '../support/garbage.js';
import { RoutesController } from '../support/routes.controller.js';
import { forgeToken } from '../support/token-forgery.js';

/** `FLOOD_TOKENS=1000000` for the longer run. */
const TOKENS = Number(process.env['FLOOD_TOKENS'] ?? 100_000);
const MEBIBYTE = 1024 * 1024;

class CountingStore extends MemoryTokenStore {
  finds = 0;

  override find(key: SessionKey) {
    this.finds++;
    return super.find(key);
  }
}

class CountingLogger implements LoggerService {
  lines: string[] = [];
  readonly count = (line: unknown): void => void this.lines.push(String(line));
  log = this.count;
  warn = this.count;
  error = this.count;
}

/** Bytes in use; only what is reachable counts. */
async function memoryInUse(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe.each([0, 1000])(
  `a flood of ${TOKENS} distinct bad tokens, %p attempts allowed`,
  (failedAttemptsPerAddress) => {
    const store = new CountingStore();
    const logger = new CountingLogger();
    let app: TestApp;

    beforeAll(async () => {
      app = await startApp({
        adapter: 'fastify',
        controllers: [RoutesController],
        fastauth: { store, failedAttemptsPerAddress },
        configure: (nest) => nest.useLogger(logger),
      });
    });
    afterAll(async () => {
      app.app.useLogger(false);
      await app.close();
    });

    it(
      'keeps no memory of them, never asks the store, and logs ten lines a second',
      async () => {
        const gate = app.app.get(Gate);
        const good = await app.issue('device');
        const template = forgeToken(
          { alg: 'HS256', typ: 'JWT' },
          { client_id: 'device', type: 'access', exp: 4e9 },
          { secret: 'attacker' },
        );
        const bad = (n: number): string =>
          `${template.slice(0, -8)}${String(n).padStart(7, '0')}${template.at(-1)}`;
        const send = async (count: number, offset: number): Promise<void> => {
          for (let n = 0; n < count; n++) {
            const request = {
              headers: { 'access-token': bad(offset + n) },
              rawHeaders: [],
              socket: { remoteAddress: `198.51.100.${n % 50}` },
            };
            const call = new RequestCall(request as unknown as IncomingMessage);
            const denial = await gate.admit(call, ACCESS);
            if (!denial || !isDenial(denial)) throw new Error('a bad token was let in');
            if (n % 1000 === 999) await new Promise((resolve) => setImmediate(resolve));
          }
        };
        expect((await app.get('/whoami', { 'ACCESS-TOKEN': bad(0) })).status).toBe(401);
        // What the first ones make grow, such as compiled code, is no leak.
        await send(5000, 0);
        logger.lines = [];
        const [finds, before] = [store.finds, await memoryInUse()];
        const seconds = 10;
        for (let second = 0; second < seconds; second++) {
          app.clock.advance(1);
          await send(TOKENS / seconds, 5000 + (second * TOKENS) / seconds);
        }
        const grown = (await memoryInUse()) - before;
        expect(grown).toBeLessThan(20 * MEBIBYTE);
        expect(store.finds).toBe(finds);
        expect(logger.lines.length).toBeLessThanOrEqual(10 * (seconds + 1));
        expect(logger.lines.length).toBeGreaterThan(0);
        expect(logger.lines.join('\n')).not.toContain(template.slice(-30, -8));
        expect((await app.get('/whoami', { 'ACCESS-TOKEN': good.access_token })).status).toBe(200);
      },
      TOKENS,
    );
  },
);
