import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';

export interface CommandRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of this machine's settings reaches what the pages show, and no registry is asked. */
export const PAGE_ENV = {
  PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  HOME: process.env['HOME'],
  npm_config_offline: 'true',
  NO_COLOR: '1',
};

/** Makes a folder look as if `npm i nestjs-fastauth` and its peers had been run in it. */
export function installInto(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const name of readdirSync('node_modules').filter((entry) => !entry.startsWith('.')))
    symlinkSync(resolve('node_modules', name), join(modules, name));
  symlinkSync(resolve('.'), join(modules, 'nestjs-fastauth'));
  const command = join(modules, '.bin/fastauth');
  writeFileSync(command, `#!/bin/sh\nexec node '${resolve('dist/cli/main.js')}' "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}');
}

export function runIn(
  cwd: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CommandRun> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...PAGE_ENV, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    child.on('error', fail);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

/** An application of the pages as a process of its own, at a port that was free. */
export class DocumentedApp {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /** @throws Error if it does not answer `/health` within ten seconds */
  static async start(main: string, cwd: string): Promise<DocumentedApp> {
    const port = await freePort();
    const child = spawn(process.execPath, [main], {
      cwd,
      env: { ...PAGE_ENV, PORT: String(port) },
      stdio: 'ignore',
    });
    const app = new DocumentedApp(`http://localhost:${port}`, child);
    for (let waited = 0; waited < 10_000 && child.exitCode === null; waited += 50) {
      const answer = await fetch(`${app.url}/health`).catch(() => undefined);
      if (answer?.ok) return app;
      await new Promise((done) => setTimeout(done, 50));
    }
    await app.stop();
    throw new Error(`${main} did not start`);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((done) => this.child.once('close', done));
    this.child.kill('SIGTERM');
    await ended;
  }
}

export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
