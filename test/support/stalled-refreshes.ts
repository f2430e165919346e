import { setTimeout as sleep } from 'node:timers/promises';
import { StoreProcess } from 'nestjs-fastauth/store-contract';
import type { IssuedTokens } from '../../src/tokens/issued-tokens.js';
import { processOn } from './store-processes.js';

/** Short for CI; `STALL_SECONDS=12 STALL_GRACE=10 STALL_TIMEOUT=1` is as deployed. */
const STALL_SECONDS = Number(process.env['STALL_SECONDS'] || 1.5);
export const STALL_GRACE = Number(process.env['STALL_GRACE'] || 1);
const STALL_TIMEOUT = Number(process.env['STALL_TIMEOUT'] || 0.3);
export const CLIENTS = 40;
const REPEAT_AFTER_MS = 100;
const WARM_UP_MS = 500;
/** For so long after its 503 a process still takes the token for a repeat that it asked for. */
const KEPT_PLACE_SECONDS = 5;

/** What a spec with a stall may take, in milliseconds. */
export const STALL_PATIENCE_MS = 60_000 + STALL_SECONDS * 3000;

/** What came of it. */
export interface StalledRefreshes {
  readonly lockedOut: number;
  /** How many were told to repeat, and were answered then. */
  readonly repeated: number;
  /** Of the tokens that were spent before the stall, how many opened something after it. */
  readonly replayed: number;
}

interface Client {
  current: IssuedTokens;
  spent: IssuedTokens | undefined;
  outcome: 'answered' | 'repeated' | 'locked out';
}

/**
 * Two servers, whose clocks differ by more than the window is long, refresh for 40 clients without a pause while the
 * backend stalls for longer than the window. A client that is answered 503 repeats the same token, at either server.
 * @param stall makes the backend stall, and answers how it goes on
 * @param hasClock whether the backend counts the window. If not, the servers do, by whole seconds: their clocks agree,
 * and window and stall are a second longer
 */
export async function refreshThroughStall(
  databaseUrl: string,
  appName: string,
  stall: () => Promise<() => Promise<void> | void>,
  hasClock = true,
): Promise<StalledRefreshes> {
  const longer = hasClock ? 0 : 1;
  const refreshGrace = STALL_GRACE + longer;
  const config = { appName, storeTimeout: STALL_TIMEOUT, refreshGrace };
  const servers = await Promise.all([0, 1].map(() => StoreProcess.start(processOn(databaseUrl, config))));
  try {
    // Less than the tolerance between clocks, so that each takes the other's tokens.
    if (hasClock) await servers[1]?.skew(Math.min(4, STALL_GRACE + 2));
    const [first] = servers as [StoreProcess];
    const clients: Client[] = [];
    for (let n = 0; n < CLIENTS; n++) {
      const current = await untilAnswered(() => first.tokens('issue', [{ clientId: `client ${n}` }]));
      clients.push({ current, spent: undefined, outcome: 'answered' });
    }
    let isOver = false;
    const loops = clients.map(async (client, n) => {
      for (let attempt = n; ; attempt++) {
        const server = servers[attempt % 2] as StoreProcess;
        const answer = await refresh(server, client.current);
        if (answer === 'locked out') return void (client.outcome = answer);
        if (answer === 'repeat') {
          if (!isOver) client.outcome = 'repeated';
          await sleep(REPEAT_AFTER_MS);
          continue;
        }
        client.spent = client.current;
        client.current = answer;
        if (isOver) return;
      }
    });
    await sleep(WARM_UP_MS);
    const goOn = await stall();
    await sleep((STALL_SECONDS + longer) * 1000);
    isOver = true;
    await goOn();
    await Promise.all(loops);
    await sleep(Math.max(refreshGrace, KEPT_PLACE_SECONDS) * 1000 + 200);
    const replays = await Promise.all(
      clients.map(({ spent }, n) => spent && refresh(servers[n % 2] as StoreProcess, spent)),
    );
    const count = (outcome: Client['outcome']): number =>
      clients.filter((client) => client.outcome === outcome).length;
    return {
      lockedOut: count('locked out'),
      repeated: count('repeated'),
      replayed: replays.filter((replay) => typeof replay === 'object').length,
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function refresh(
  server: StoreProcess,
  { refreshToken }: IssuedTokens,
): Promise<IssuedTokens | 'repeat' | 'locked out'> {
  try {
    return await server.tokens('refresh', [refreshToken]);
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'StoreUnavailableError') return 'repeat';
    if (name === 'InvalidGrantError') return 'locked out';
    throw new Error(`A refresh failed in its own way: ${name} ${message}`, { cause: error });
  }
}

async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if ((error as Error).name !== 'StoreUnavailableError' || attempt === 100) throw error;
      await sleep(REPEAT_AFTER_MS);
    }
  }
}
