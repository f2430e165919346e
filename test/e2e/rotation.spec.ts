import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { decodeProtectedHeader } from 'jose';
import { runCli } from '../support/run-cli.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER_TOKEN = 'a-master-token-of-this-test';
const PROCESSES = 3;
const WORKERS = 24;
/** Milliseconds between two requests of a worker: 24 workers ask for 240 requests a second. */
const PACE = 100;
/** One request in so many is a refresh. */
const REFRESH_EVERY = 10;

interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** Clients that use and refresh their tokens at a steady pace, each request at another process. */
class Load {
  readonly counts = new Map<string, number>();
  readonly kids = new Set<string | undefined>();
  #stopped = false;
  #workers: Promise<void>[] = [];

  constructor(
    private readonly servers: readonly SampleProcess[],
    private readonly resourceServer: SampleProcess,
  ) {}

  start(): void {
    this.#workers = Array.from({ length: WORKERS }, (_, index) => this.#work(index));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  async issue(client: string): Promise<Pair> {
    return (await this.#token('new', { client_id: client })) as Pair;
  }

  async refresh(pair: Pair): Promise<Pair> {
    return (await this.#token('refresh', { refresh_token: pair.refresh_token })) as Pair;
  }

  async me(token: string): Promise<number> {
    const response = await fetch(`${this.#server().url}/me`, { headers: { 'ACCESS-TOKEN': token } });
    await response.arrayBuffer();
    return response.status;
  }

  async #work(index: number): Promise<void> {
    let pair = await this.issue(`worker-${index}`);
    for (let request = index; !this.#stopped; request++) {
      const next = sleep(PACE);
      if (request % REFRESH_EVERY === 0) {
        // Two tabs at once, of two processes: both get the same pair.
        const [one, other] = await Promise.all([this.refresh(pair), this.refresh(pair)]);
        if (one.access_token !== other.access_token) this.#count('twins that differ');
        pair = one;
        this.kids.add(decodeProtectedHeader(pair.access_token).kid);
      } else if (request % REFRESH_EVERY === 5) {
        const response = await fetch(`${this.resourceServer.url}/orders`, {
          headers: { Authorization: `Bearer ${pair.access_token}` },
        });
        await response.arrayBuffer();
        this.#count(`jwks ${response.status}`);
      } else {
        this.#count(`me ${await this.me(pair.access_token)}`);
      }
      await next;
    }
  }

  async #token(endpoint: string, body: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${this.#server().url}/auth/token/${endpoint}`, {
      method: 'POST',
      headers: { 'MASTER-TOKEN': MASTER_TOKEN },
      body: new URLSearchParams(body),
    });
    this.#count(`${endpoint} ${response.status}`);
    return ((await response.json()) as { data?: Pair }).data;
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #server(): SampleProcess {
    return this.servers[Math.floor(Math.random() * this.servers.length)] as SampleProcess;
  }
}

describe('rotating the keys of three processes under load', () => {
  const running: SampleProcess[] = [];
  let load: Load | undefined;
  afterEach(async () => {
    await load?.stop();
    await Promise.all(running.map((server) => server.stop()));
    running.length = 0;
  });
  afterAll(removeTemporaryFolders);

  it('answers nobody wrongly, from the first key to its retirement', async () => {
    const folder = temporaryFolder();
    const env = { MASTER_TOKEN, KEY_SET_FILE: 'keys.json', DATABASE_URL: 'lmdb:sessions' };
    const cli = (args: string) => runCli(`keys ${args} --json`.split(' '), { cwd: folder, env });
    const main = copySample('06-resource-servers', folder);
    writeFileSync(join(folder, 'fastauth.config.json'), JSON.stringify({ 'refresh-grace': 3 }));
    const first = JSON.parse((await cli('rotate --algorithm EdDSA')).stdout) as { kid: string };
    for (let count = 0; count < PROCESSES; count++)
      running.push(await SampleProcess.start(main, folder, env));
    const servers = [...running];
    const resourceServer = await SampleProcess.start(join(dirname(main), 'by-jwks.js'), folder, {
      AUTH_URL: servers[0]?.url,
    });
    running.push(resourceServer);

    load = new Load(servers, resourceServer);
    const idle = await load.issue('idle');
    const startedAt = performance.now();
    load.start();
    await sleep(1000);
    const rotation = JSON.parse((await cli('rotate --after 8')).stdout) as {
      kid: string;
      signing_from: number;
    };
    while (Date.now() / 1000 < rotation.signing_from + 6) await sleep(200);

    const refused = await cli(`retire ${first.kid}`);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^fastauth: 1 live session needs .* until 20/),
    });
    const moved = await load.refresh(idle);
    expect(decodeProtectedHeader(moved.access_token).kid).toBe(rotation.kid);
    const retired = await cli(`retire ${first.kid}`);
    expect(retired.code).toBe(0);
    const { refused_from: refusedFrom } = JSON.parse(retired.stdout) as { refused_from: number };
    while (Date.now() / 1000 < refusedFrom + 2) await sleep(200);
    const seconds = (performance.now() - startedAt) / 1000;
    await load.stop();

    const counts = Object.fromEntries([...load.counts].sort());
    process.stderr.write(
      `rotation under load: ${Math.round(load.total / seconds)} requests/s for ${Math.round(seconds)} s, ${JSON.stringify(counts)}\n`,
    );
    expect(Object.keys(counts)).toEqual(['jwks 200', 'me 200', 'new 200', 'refresh 200']);
    expect(load.kids).toEqual(new Set([first.kid, rotation.kid]));
    const { keys } = JSON.parse((await cli('list')).stdout) as { keys: { kid: string; sessions: number }[] };
    expect(keys.map(({ kid }) => kid)).toEqual([rotation.kid]);

    // A key that is ended by force is refused by all of them within five seconds.
    const last = JSON.parse((await cli('rotate --after 5')).stdout) as { signing_from: number };
    while (Date.now() / 1000 < last.signing_from + 1) await sleep(200);
    expect(await load.me(moved.access_token)).toBe(200);
    expect(await cli(`retire ${rotation.kid} --now --force`)).toMatchObject({ code: 0 });
    await sleep(3000);
    for (let round = 0; round < 10; round++) expect(await load.me(moved.access_token)).toBe(401);
  }, 120_000);
});
