import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFolder } from './nest-packages.js';

const PACKAGES = [
  '@modelcontextprotocol',
  '@nestjs',
  'graphql-ws',
  'jose',
  'kysely',
  'libsql',
  'nestjs-fastauth',
  'reflect-metadata',
  'rxjs',
  'socket.io-client',
  'ws',
];

/** Between what two pasted lines say. */
const PARTED = '--- next line ---';

/**
 * A copy of a built sample, with a place of its own for what it writes, as in a clean clone.
 * @param folder an empty folder
 * @returns the path of its main file
 */
export function copySample(sample: string, folder: string): string {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of PACKAGES) symlinkSync(packageFolder(name), join(modules, name));
  cpSync('fastauth.config.json', join(folder, 'fastauth.config.json'));
  mkdirSync(join(folder, 'sample', sample), { recursive: true });
  const config = join('sample', sample, 'fastauth.config.json');
  if (existsSync(config)) cpSync(config, join(folder, config));
  writeFileSync(join(folder, 'sample/package.json'), '{"type":"module"}');
  cpSync('sample/dist/first-start.js', join(folder, 'sample/dist/first-start.js'));
  cpSync(join('sample/dist', sample), join(folder, 'sample/dist', sample), { recursive: true });
  return join(folder, 'sample/dist', sample, 'main.js');
}

/** A sample that runs as a process of its own. */
export class SampleProcess {
  output = '';
  private constructor(private readonly child: ChildProcess) {
    const keep = (chunk: unknown): void => void (this.output += String(chunk));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  /** @throws Error with all that it said, if it does not come to listen within thirty seconds */
  static async start(main: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<SampleProcess> {
    return SampleProcess.run([process.execPath, main], cwd, env);
  }

  /** Starts a sample by a line to paste that another has printed. */
  static startByLine(line: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<SampleProcess> {
    return SampleProcess.run(['bash', '-c', `exec env ${line}`], cwd, env);
  }

  private static async run(
    [command = '', ...args]: readonly string[],
    cwd: string,
    env: NodeJS.ProcessEnv,
  ): Promise<SampleProcess> {
    const sample = new SampleProcess(
      spawn(command, args, { cwd, env: { PATH: process.env['PATH'], PORT: '0', NO_COLOR: '1', ...env } }),
    );
    for (let waited = 0; waited < 30_000; waited += 25) {
      if (/Listening on .*Try:/s.test(sample.output)) return sample;
      if (sample.child.exitCode !== null || sample.child.signalCode !== null) break;
      await new Promise((done) => setTimeout(done, 25));
    }
    await sample.stop('SIGKILL');
    throw new Error(`The sample did not start:\n${sample.output}`);
  }

  get url(): string {
    return /Listening on (http:\/\/\S+?)[ .]*(?:\s|$)/m.exec(this.output)?.[1] ?? '';
  }

  /** Whether the first line that it prints names what it shows. */
  get saysWhatItShows(): boolean {
    return /^[A-Z][\w ]+: .+\.\n/.test(this.output);
  }

  /** The lines to paste that it printed. */
  get pasteLines(): readonly string[] {
    return this.output
      .split('\n')
      .filter((line) =>
        /^(?:(?:CLIENT_SECRET|DEVICES|KEY_SET_FILE|LAPTOP|PHONE|TABLET|TOKENS)=|curl |node )/.test(line),
      );
  }

  /** The lines by which another process is started. */
  get startLines(): readonly string[] {
    return this.output.split('\n').filter((line) => /^(?:ISSUER|TOKEN_FORMAT)=/.test(line));
  }

  /**
   * What its lines say when they are pasted into one shell, line by line.
   * @param cwd for files that they write
   * @param variables that the shell has from lines pasted before
   */
  async paste(
    cwd: string,
    lines = this.pasteLines,
    variables: NodeJS.ProcessEnv = {},
  ): Promise<readonly string[]> {
    const script = lines.map((line) => `${line}\nprintf '\\n${PARTED}\\n'`).join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      cwd,
      env: { ...process.env, ...variables },
    });
    return stdout
      .split(`${PARTED}\n`)
      .slice(0, -1)
      .map((said) => said.trim());
  }

  /** @returns the signal that ended it, or its exit code */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<NodeJS.Signals | number | null> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once('close', done));
      child.kill(signal);
      await ended;
    }
    return child.signalCode ?? child.exitCode;
  }
}
