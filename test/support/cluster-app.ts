import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { transpile } from './compile.js';
import { freePort, installInto, PAGE_ENV } from './documented-app.js';
import { codeBlocks } from './markdown-blocks.js';

export const CLUSTER_MASTER_TOKEN = 'master-token-of-the-tests';

const PATIENCE_MS = 3000;

export interface ClusterAnswer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look at answers of any shape
  readonly body: any;
}

/** A connection that is kept, and with it the worker that serves it. */
export class WorkerConnection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly url: string) {}

  /**
   * @throws Error when the connection is cut before the answer is there, or nothing comes: a primary that hands a
   * connection to a worker that has just died leaves it open, for ever
   */
  send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    form?: Record<string, string>,
  ): Promise<ClusterAnswer> {
    return new Promise((resolve, reject) => {
      const type = form ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
      const sent = request(
        this.url + path,
        { method, agent: this.#agent, timeout: PATIENCE_MS, headers: { ...type, ...headers } },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => (text += String(chunk)));
          response.on('error', reject);
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
        },
      );
      sent.on('timeout', () => sent.destroy(new Error('No answer')));
      sent.on('error', reject);
      sent.end(form && new URLSearchParams(form).toString());
    });
  }

  refresh(refreshToken: string): Promise<ClusterAnswer> {
    return this.send('POST', '/auth/token/refresh', {}, { refresh_token: refreshToken });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The application of docs/stores.md that runs in a cluster, as it is written there. */
export class ClusterApp {
  readonly #connections: WorkerConnection[] = [];

  private constructor(
    private readonly url: string,
    private readonly primary: ChildProcess,
  ) {}

  /** @param folder an empty folder, where its store comes to be */
  static async start(folder: string): Promise<ClusterApp> {
    installInto(folder);
    const [block] = codeBlocks('docs/stores.md').filter(({ code }) => code.includes('node:cluster'));
    writeFileSync(join(folder, 'main.js'), await transpile(block?.code ?? ''));
    const port = await freePort();
    const env = {
      ...PAGE_ENV,
      PORT: String(port),
      MASTER_TOKEN: CLUSTER_MASTER_TOKEN,
      CRYPTOGRAPHY_KEY: 'a secret of the tests, thirty-two bytes or more',
    };
    const primary = spawn(process.execPath, ['main.js'], { cwd: folder, env, stdio: 'ignore' });
    return new ClusterApp(`http://127.0.0.1:${port}`, primary);
  }

  /** A new connection, which the primary gives to the next worker. */
  connect(): WorkerConnection {
    const connection = new WorkerConnection(this.url);
    this.#connections.push(connection);
    return connection;
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    const ended = new Promise((resolve) => this.primary.once('close', resolve));
    this.primary.kill('SIGTERM');
    await ended;
  }
}
