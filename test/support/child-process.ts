import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process of the test's own that says one JSON value a line. */
export class JsonChild {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterableIterator<string>;
  readonly #exit: Promise<unknown>;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#exit = new Promise((resolve) => this.#child.once('close', resolve));
    if (!this.#child.stdout) throw new Error('no stdout');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** What it says next; undefined when it said all. */
  async next<T>(): Promise<T | undefined> {
    const { value, done } = await this.#lines.next();
    if (done) return undefined;
    try {
      return JSON.parse(value) as T;
    } catch {
      return undefined; // Cut by a signal in the middle of a line.
    }
  }

  tell(message: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** Says that nothing more will be told, and waits for its end. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#exit;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}
