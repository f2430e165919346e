import { describe } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describeIf, hasProgram } from './services.js';
import { temporaryFolder } from './temporary-folder.js';

/** A Redis of the test's own, on a free port, that may be stopped and stalled. It keeps nothing on disk. */
export class RedisServer {
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly args: () => readonly string[],
  ) {}

  static async start(...args: string[]): Promise<RedisServer> {
    const port = await freePort();
    return RedisServer.#started(port, () => [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      temporaryFolder(),
      '--save',
      '',
      // A test that adds a replica does not wait for further ones.
      '--repl-diskless-sync-delay',
      '0',
      ...args,
    ]);
  }

  /** A Sentinel that takes over within a second or two, once most of the others agree. */
  static async startSentinel(name: string, master: RedisServer): Promise<RedisServer> {
    const port = await freePort();
    const folder = temporaryFolder();
    const file = join(folder, 'sentinel.conf');
    writeFileSync(
      file,
      `port ${port}
bind 127.0.0.1
dir ${folder}
sentinel monitor ${name} 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds ${name} 500
sentinel failover-timeout ${name} 3000
`,
    );
    return RedisServer.#started(port, () => [file, '--sentinel']);
  }

  static async #started(port: number, args: () => readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(port, args);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const args = this.args();
    this.#child = spawn('redis-server', args, { stdio: 'ignore' });
    const admin = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    admin.on('error', () => undefined);
    const failed = new Promise<never>((_, reject) => {
      this.#child?.once('close', () => reject(new Error(`redis-server ${args.join(' ')}: did not start`)));
    });
    // It ends later, too: then nobody listens any more.
    failed.catch(() => undefined);
    try {
      await Promise.race([admin.ping(), failed]);
    } finally {
      admin.disconnect();
    }
  }

  /** Stalls it: connections stay, answers do not come. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Resolves when what was sent before has been read and done. */
  async ping(): Promise<void> {
    const admin = new Redis(this.url);
    admin.on('error', () => undefined);
    // What waited in other connections is read in the same round as the first call, or before.
    await admin.ping();
    await admin.ping();
    admin.disconnect();
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

/**
 * `describe` for tests that need a Redis of their own: skipped, plainly, where a program is missing.
 * @param programs what is needed beside `redis-server`
 */
export async function describeWithOwnRedis(
  ...programs: readonly string[]
): Promise<(name: string, define: () => void) => void> {
  for (const program of ['redis-server', ...programs]) {
    if (!(await hasProgram(program))) return describeIf(false, `no program ${program}`);
  }
  return describe;
}
