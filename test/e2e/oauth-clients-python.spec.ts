import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { Clock, SystemClock } from '../../src/clock.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { secretHashOf, secretOf } from '../support/oauth-clients.js';
import { freePort } from '../support/redis-server.js';
import { RoutesController } from '../support/routes.controller.js';
import { describeIf } from '../support/services.js';

jest.setTimeout(60_000);

const run = promisify(execFile);
/** Debian's packages are for Debian's Python, which may not be the first one of the path. */
const found = await Promise.all(
  ['python3', '/usr/bin/python3'].map((python) =>
    run(python, ['-c', 'import authlib, requests']).then(
      () => python,
      () => undefined,
    ),
  ),
);
const python = found.find((candidate) => candidate !== undefined);
const SECRET = secretOf('authlib');

for (const adapter of ADAPTERS) {
  describeIf(python !== undefined, 'no Authlib and requests for Python')(
    `Python's Authlib, on ${adapter}`,
    () => {
      let app: TestApp;
      let key: string;

      beforeAll(async () => {
        const pair = await generateKeyPair('ES256', { extractable: true });
        key = await exportPKCS8(pair.privateKey);
        const port = await freePort();
        const secretHashes = [secretHashOf(SECRET)];
        const scopes = ['devices:read', 'devices:write'];
        app = await startApp({
          adapter,
          port,
          controllers: [RoutesController],
          // Its clients sign with the time as it is.
          override: (builder) => builder.overrideProvider(Clock).useValue(new SystemClock()),
          fastauth: {
            issuer: `http://127.0.0.1:${port}`,
            clients: [
              { clientId: 'billing', secretHashes, scopes },
              { clientId: 'poster', secretHashes, scopes, method: 'client_secret_post' },
              { clientId: 'signer', publicKeys: [await exportJWK(pair.publicKey)], scopes },
            ],
          },
        });
      });
      afterAll(() => app.close());

      it('gets tokens from the metadata alone, uses them and revokes them', async () => {
        const { stdout } = await run(
          python ?? '',
          ['test/support/authlib-client.py', app.url, `${app.url}/whoami`, SECRET, key],
          { env: { ...process.env, AUTHLIB_INSECURE_TRANSPORT: '1' } },
        );
        const all = 'devices:read devices:write';
        expect(JSON.parse(stdout)).toEqual(
          ['devices:read', 'devices:read', all].map((scope) => ({
            scope,
            used: 200,
            revoked: 200,
            left: 401,
          })),
        );
      });
    },
  );
}
