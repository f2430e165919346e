// A server of bench:scale: fills its store, answers guarded requests, and refreshes in a loop of its own.
import { randomBytes } from 'node:crypto';
import { AccessOnly, FastauthModule, TokenService, TokenStore } from '../dist/index.js';
import { answer } from './lib/answer.js';
import { get, listen, portOf } from './lib/nest-app.js';
import { residentMemory } from './lib/scale-growth.js';

const { databaseUrl, appName } = JSON.parse(process.argv[2]);
const app = await listen('fastify', {
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: false,
      appName,
      databaseUrl,
      cryptographyKey: 'a secret of the benchmark, thirty-two bytes or more',
      auditLog: 'off',
      storeTimeout: 30,
      // Every refusal is measured in full; with a limit, most of a flood would get 429 for less.
      failedAttemptsPerAddress: 0,
      failedAttemptsPerClient: 0,
    }),
  ],
  decorators: [AccessOnly()],
});
const tokens = app.get(TokenService);
const store = app.get(TokenStore);
const AT_ONCE = databaseUrl.startsWith('lmdb:') ? 2000 : 64;
let filled = 0;

const digest = () => randomBytes(32).toString('base64url');

/** Sessions straight into the store: a signature each would take longer than what is measured. */
async function fill({ size }) {
  const now = Math.floor(Date.now() / 1000);
  while (filled < size) {
    const batch = Array.from({ length: Math.min(AT_ONCE, size - filled) }, (_, index) => ({
      familyId: randomBytes(16).toString('base64url'),
      clientId: `filler-${filled + index}`,
      generation: 0,
      accessHash: digest(),
      accessExpiresAt: now + 2_592_000,
      refreshHash: digest(),
      refreshExpiresAt: now + 31_536_000,
      createdAt: now,
    }));
    await Promise.all(
      batch.map((record) => store.insert(record, { accessToken: '', refreshToken: '' }, Infinity)),
    );
    filled += batch.length;
  }
  const issued = await Promise.all(
    Array.from({ length: 64 }, (_, index) => tokens.issue({ clientId: `seen-${index}` })),
  );
  return issued.map(({ accessToken }) => get('/bench/whoami', { 'ACCESS-TOKEN': accessToken }));
}

/** @returns how many refreshes were answered */
async function refresh({ seconds, sessions }) {
  const until = performance.now() + seconds * 1000;
  let count = 0;
  const chain = async (index) => {
    let { refreshToken } = await tokens.issue({ clientId: `chain-${process.pid}-${index}` });
    while (performance.now() < until) {
      ({ refreshToken } = await tokens.refresh(refreshToken));
      count++;
    }
  };
  await Promise.all(Array.from({ length: sessions }, (_, index) => chain(index)));
  return count;
}

answer({
  ready: () => ({ port: portOf(app) }),
  fill,
  refresh,
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  resident: () => {
    globalThis.gc();
    return residentMemory();
  },
  memory: () => {
    globalThis.gc();
    const { heapUsed, rss } = process.memoryUsage();
    return { heap: heapUsed / 2 ** 20, rss: rss / 2 ** 20 };
  },
});
