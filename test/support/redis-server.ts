import { describe } from '@jest/globals';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { temporaryFolder } from './temporary-folder.js';

const run = promisify(execFile);

/** Whether this machine has the program `redis-server`. */
async function hasRedisServer(): Promise<boolean> {
  return run('redis-server', ['--version']).then(
    () => true,
    () => false,
  );
}

/** A Redis of the test's own, on a free port, that may be stopped and stalled. It keeps nothing on disk. */
export class RedisServer {
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly args: readonly string[],
  ) {}

  static async start(...args: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const own = ['--port', `${this.port}`, '--save', '', '--bind', '127.0.0.1', '--dir', temporaryFolder()];
    this.#child = spawn('redis-server', [...own, ...this.args], { stdio: 'ignore' });
    const admin = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    admin.on('error', () => undefined);
    await admin.ping();
    admin.disconnect();
  }

  /** Stalls it: connections stay, answers do not come. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** `describe` for tests that need a Redis of their own: skipped, plainly, where the program is missing. */
export async function describeWithOwnRedis(): Promise<(name: string, define: () => void) => void> {
  if (await hasRedisServer()) return describe;
  if (process.env['FASTAUTH_TEST_REQUIRE_SERVICES'] === '1') {
    throw new Error('There is no program redis-server, and FASTAUTH_TEST_REQUIRE_SERVICES is set.');
  }
  // oxlint-disable-next-line jest/no-disabled-tests, jest/valid-describe-callback -- this is what skips, and says why
  return (name, define) => describe.skip(`${name} (skipped: no program redis-server)`, define);
}
