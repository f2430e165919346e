import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect } from '@jest/globals';
import helmet from 'helmet';
import { TokenService } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { CHROMIUM } from '../support/client-page.js';
import { itIf } from '../support/services.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** With a folder in it, the pictures of docs/operating.md are taken: FASTAUTH_TEST_PICTURES=docs/images. */
const PICTURES = process.env['FASTAUTH_TEST_PICTURES'] ?? '';
const HOSTILE = PICTURES ? 'grace' : '<img src=x onerror=alert(1)>';

interface Tour {
  readonly violations: readonly string[];
  readonly dialogs: number;
  readonly sent: readonly string[];
  readonly received: readonly string[];
  readonly texts: Readonly<Record<string, string>>;
  readonly cookies: readonly object[];
  readonly background: string;
  readonly disabledBefore: boolean;
  readonly disabledHalfway: boolean;
  readonly told: string;
  readonly readable: string;
  readonly html: string;
  readonly left: number;
}

async function tour(url: string, scheme: string): Promise<Tour> {
  const place = `${url}/auth/console`;
  if (PICTURES) mkdirSync(PICTURES, { recursive: true });
  const args = [
    'test/support/browser-console.mjs',
    CHROMIUM as string,
    place,
    MASTER_TOKEN,
    scheme,
    HOSTILE,
    PICTURES,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as Tour;
}

afterAll(removeTemporaryFolders);

describe.each(ADAPTERS)('the console in Chromium on %s', (adapter) => {
  let app: TestApp;
  let tokens: readonly string[];

  beforeEach(async () => {
    app = await startApp({
      adapter,
      fastauth: {
        console: true,
        defaultAccess: 'access',
        sessionsPerClient: 'unlimited',
        keySetFile: join(temporaryFolder(), 'keys.json'),
        clients: [{ clientId: 'reports', secretHashes: [`sha256:${'a'.repeat(64)}`] }],
      },
      configure: (nest) => nest.use(helmet()),
    });
    const service = app.app.get(TokenService);
    const issued = [];
    for (const [clientId, label] of [
      ['ada', 'phone'],
      [HOSTILE, HOSTILE],
      [HOSTILE, 'laptop'],
      [HOSTILE, 'tablet'],
    ]) {
      app.clock.advance(60);
      issued.push(await service.issue({ clientId, label }));
    }
    tokens = issued.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]);
  });
  afterEach(() => app.close());

  const inChromium = itIf(CHROMIUM !== undefined, 'no Chromium');
  for (const [scheme, background] of [
    ['light', 'rgb(255, 255, 255)'],
    ['dark', 'rgb(21, 24, 27)'],
  ] as const) {
    inChromium(
      `is toured by keyboard alone, in ${scheme}, under helmet, and shows no token`,
      async () => {
        const seen = await tour(app.url.replace('127.0.0.1', 'localhost'), scheme);
        expect(seen.violations).toEqual([]);
        expect(seen.dialogs).toBe(0);
        expect(seen.background).toBe(background);
        expect([seen.disabledBefore, seen.disabledHalfway]).toEqual([true, true]);
        expect(seen.told).toBe('3 sessions ended.');
        expect(await app.app.get(TokenService).sessions(HOSTILE)).toEqual([]);
        expect(await app.app.get(TokenService).sessions('ada')).toEqual([]);
        expect(seen.texts).toMatchObject({
          sessions: expect.stringContaining('phone'),
          clients: expect.stringContaining('reports'),
          keys: expect.stringContaining('HS256'),
          events: expect.stringContaining('session.revoked'),
          routes: expect.stringContaining('/auth/token/new'),
        });
        expect(seen.cookies).toEqual([
          {
            name: '__Host-fastauth-console',
            httpOnly: true,
            secure: true,
            sameSite: 'Strict',
            isToken: false,
          },
        ]);
        expect(seen.left).toBe(0);

        const withMaster = seen.sent.filter((line) => line.includes(MASTER_TOKEN));
        expect(withMaster).toHaveLength(1);
        expect(withMaster[0]).toMatch(/^POST \S+\/auth\/console\/sign-in \{/);
        const everywhere = [...seen.received, seen.html, seen.readable].join('\n');
        expect(everywhere).not.toContain(MASTER_TOKEN);
        for (const token of tokens) expect([...seen.sent, everywhere].join('\n')).not.toContain(token);
      },
      60_000,
    );
  }
});
