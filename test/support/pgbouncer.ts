import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './redis-server.js';
import { serviceUrl } from './services.js';
import { temporaryFolder } from './temporary-folder.js';

/** A PgBouncer of the test's own before the PostgreSQL of the tests. */
export class PgBouncer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(settings: Record<string, string>): Promise<PgBouncer> {
    const { hostname, port, username, password } = new URL(serviceUrl('PostgreSQL'));
    const own = await freePort();
    const folder = temporaryFolder();
    const file = join(folder, 'pgbouncer.ini');
    const all = {
      listen_addr: '127.0.0.1',
      listen_port: own,
      auth_type: 'any',
      unix_socket_dir: '',
      // As root it does not run.
      ...(process.getuid?.() === 0 ? { user: 'nobody' } : {}),
      ...settings,
    };
    const login = `user=${username}${password ? ` password=${decodeURIComponent(password)}` : ''}`;
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
    writeFileSync(
      file,
      `[databases]\n* = host=${hostname} port=${port} ${login}\n[pgbouncer]\n${lines.join('\n')}\n`,
    );
    chmodSync(folder, 0o755);
    const bouncer = new PgBouncer(spawn('pgbouncer', [file], { stdio: 'ignore' }), own);
    while (!(await bouncer.answers())) await sleep(20);
    return bouncer;
  }

  /** The URL of the tests' database through it, with tables in the schema. */
  url(schema: string): string {
    const url = new URL(serviceUrl('PostgreSQL'));
    url.host = `127.0.0.1:${this.port}`;
    url.searchParams.set('schema', schema);
    return url.href;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private answers(): Promise<boolean> {
    if (this.child.exitCode !== null) throw new Error(`pgbouncer ended with status ${this.child.exitCode}`);
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      const end = (isThere: boolean) => () => {
        socket.destroy();
        resolve(isThere);
      };
      socket.on('connect', end(true)).on('error', end(false));
    });
  }
}
