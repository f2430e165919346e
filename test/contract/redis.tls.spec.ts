import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { StoreProcess } from 'nestjs-fastauth/store-contract';
import { type CertificateFiles, certificatesFor } from '../support/certificates.js';
import { describeWithOwnRedis, freePort, RedisServer } from '../support/redis-server.js';
import { processOn } from '../support/store-processes.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import '../support/silent-logger.js';

// Processes start slowly on a busy machine.
jest.setTimeout(60_000);

const describeRedis = await describeWithOwnRedis('openssl');

describeRedis('Redis with TLS, by a certificate of an own authority', () => {
  let certificates: CertificateFiles;
  let server: RedisServer;
  let admin: Redis;
  let tlsPort: number;

  beforeAll(async () => {
    certificates = certificatesFor('localhost');
    tlsPort = await freePort();
    server = await RedisServer.start(
      '--tls-port',
      `${tlsPort}`,
      '--tls-auth-clients',
      'no',
      '--tls-ca-cert-file',
      certificates.authority,
      '--tls-cert-file',
      certificates.certificate,
      '--tls-key-file',
      certificates.key,
    );
    admin = new Redis(server.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
    removeTemporaryFolders();
  });

  const start = (host: string, env: NodeJS.ProcessEnv): Promise<StoreProcess> =>
    StoreProcess.start({
      ...processOn(`rediss://${host}:${tlsPort}`, { storeTimeout: 2 }),
      env: { ...process.env, ...env },
    });
  const trusting = (): NodeJS.ProcessEnv => ({ NODE_EXTRA_CA_CERTS: certificates.authority });

  async function reads(): Promise<number> {
    return Number(/cmdstat_get:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
  }

  it('issues, refreshes and revokes, and hears of changes over TLS too', async () => {
    const [here, there] = await Promise.all([start('localhost', trusting()), start('localhost', trusting())]);
    const issued = await here.tokens('issue', [{ clientId: 'c' }]);
    const pair = await there.tokens('refresh', [issued.refreshToken]);
    await expect(here.tokens('verify', [issued.accessToken])).rejects.toMatchObject({
      name: 'UnauthorizedError',
    });
    // Answered from memory is what the server is not asked for.
    for (let before = -1, after = 0; before !== after;) {
      before = await reads();
      await here.tokens('verify', [pair.accessToken]);
      after = await reads();
    }
    expect(await admin.info('clients')).toContain('tracking_clients:2');
    await there.tokens('revokeToken', [pair.refreshToken]);
    await expect(here.tokens('verify', [pair.accessToken])).rejects.toMatchObject({
      name: 'UnauthorizedError',
    });
    await Promise.all([here.stop(), there.stop()]);
  });

  it('says what to do about an authority that Node.js does not know', async () => {
    const child = await start('localhost', { NODE_EXTRA_CA_CERTS: '' });
    await expect(child.tokens('issue', [{ clientId: 'c' }])).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      message: expect.stringMatching(/NODE_EXTRA_CA_CERTS.*\((SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)\)/),
    });
    await child.stop();
  });

  it('refuses a certificate for another host', async () => {
    const child = await start('127.0.0.1', trusting());
    await expect(child.tokens('issue', [{ clientId: 'c' }])).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      message: expect.stringContaining(
        'another host name than the one in its URL (ERR_TLS_CERT_ALTNAME_INVALID)',
      ),
    });
    await child.stop();
  });
});
