import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import * as fc from 'fast-check';
import { PathRules } from '../../../src/access/paths/path-rules.js';
import { AccessOnly } from '../../../src/index.js';
import { startIoApp, until, type IoApp } from '../../support/io-app.js';
import { Stopwatch } from '../../support/stopwatch.js';

const BOUND = 1024;

@AccessOnly()
@WebSocketGateway({ namespace: /^\/hall-/ })
class HallsGateway {}

let app: IoApp;
afterEach(() => app.close());

const start = async (adapter: 'express' | 'fastify'): Promise<IoApp> =>
  (app = await startIoApp({
    adapter,
    providers: [HallsGateway],
    fastauth: { accessTokenPaths: ['/api', '/hall-:number/a'], masterTokenPaths: ['/hall-staff'] },
  }));

/** How long, in milliseconds, until the server has said no. */
async function refusal(name: string): Promise<number> {
  const client = await app.connection();
  const begun = new Stopwatch();
  expect(await client.enter(name)).toHaveProperty('message');
  client.close();
  return begun.ms;
}

describe.each(['express', 'fastify'] as const)(
  'names of namespaces that strangers choose, on %s',
  (adapter) => {
    it.each([
      ['8000 {', '{'.repeat(8000)],
      ['1000 {', '{'.repeat(1000)],
      ['27 ?', '?'.repeat(27)],
      ['1000 ?', '?'.repeat(1000)],
      ['500 {}', '{}'.repeat(500)],
      ['900 :a(', ':a('.repeat(300)],
      ['300 /..;a', '/..;a'.repeat(200)],
      ['300 %25', '%25'.repeat(300)],
      ['900 kB', 'x'.repeat(900_000)],
    ])('are no patterns: %s is refused at once', async (_what, text) => {
      await start(adapter);
      const before = app.server._nsps.size;
      expect(await refusal(`/hall-${text}`)).toBeLessThan(2000);
      await until(() => app.server._nsps.size === before);
    });

    it('may be of any length that the application takes, up to 1024 bytes', async () => {
      await start(adapter);
      const client = await app.connection();
      const auth = await app.authOf('sensor');
      const longest = `/hall-${'é'.repeat((BOUND - 6) / 2)}`;
      expect(await client.enter(longest, auth)).toHaveProperty('sid');
      expect(await client.enter(`${longest}x`, auth)).toEqual({ message: 'Invalid namespace' });
    });

    it('fall under the path rules as they are spelt, and in other spellings', async () => {
      await start(adapter);
      const client = await app.connection();
      const auth = await app.authOf('sensor');
      expect(await client.enter('/hall-7', auth)).toHaveProperty('sid');
      for (const name of [
        '/hall-staff',
        '/hall-staff/x',
        '/HALL-STAFF'.replace('HALL-', 'hall-'),
        '/hall-%73taff',
      ])
        expect(await client.enter(name, auth)).toMatchObject({
          message: 'Disconnected: Unauthorized Master Token',
        });
    });
  },
);

describe('the cost of a name', () => {
  it('is linear, whatever it is: the rules that are asked write no pattern out, and remember nothing', async () => {
    await start('express');
    const rules = new PathRules({ master: ['/hall-staff'], access: ['/api', '/hall-*/a/:b/c'] });
    const piece = fc.constantFrom(
      '{',
      '}',
      '?',
      '*',
      '(',
      ')',
      ':',
      ':a',
      '/',
      '/..',
      ';',
      '%',
      '%25',
      '%2f',
      '\\',
      '\0',
      'é',
      'a',
    );
    const name = fc
      .tuple(fc.array(piece, { minLength: 1, maxLength: 6 }), fc.nat({ max: 8192 }))
      .map(([pieces, length]) => `/hall-${pieces.join('').repeat(8192)}`.slice(0, length + 6));
    fc.assert(
      fc.property(name, (text) => {
        const begun = new Stopwatch();
        rules.requirementForTarget(text);
        expect(begun.ms).toBeLessThan(100);
      }),
      { numRuns: 200 },
    );
    expect(Reflect.get(rules, 'ofPatterns').size).toBe(0);
  });
});
