import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SHOWN_WITHIN_MS = 30_000;

/** The built `fastauth` command on a terminal of its own (a pseudo-terminal by `script` of util-linux). */
export class Terminal {
  output = '';
  /** Its exit status. */
  readonly ended: Promise<number | null>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk) => (this.output += String(chunk)));
    this.ended = new Promise((done) => child.once('close', done));
  }

  /** @param args as typed in a shell */
  static run(args: string, cwd: string, env: NodeJS.ProcessEnv): Terminal {
    const main = resolve('dist/cli/main.js');
    const command = `echo "pid $$"; exec '${process.execPath}' '${main}' ${args}`;
    return new Terminal(
      spawn('script', ['-qefc', command, '/dev/null'], {
        cwd,
        env: { PATH: process.env['PATH'], TERM: 'xterm', ...env },
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
  }

  /** Waits until it has written something. @throws Error with all that it wrote */
  async shows(pattern: RegExp): Promise<void> {
    for (let waited = 0; waited < SHOWN_WITHIN_MS; waited += 25) {
      if (pattern.test(this.output)) return;
      await sleep(25);
    }
    throw new Error(`${String(pattern)} was not shown:\n${this.output}`);
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Ends the command by SIGKILL: it can do nothing about it. */
  kill(): void {
    process.kill(Number(/pid (\d+)/.exec(this.output)?.[1]), 'SIGKILL');
  }
}
