import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { TokenStore } from '../sessions/token-store.js';
import type { TokenService } from '../tokens/token.service.js';
import type { StoreCall } from './serve-store.js';

/** How to open the store in a process of its own. */
export interface StoreProcessOptions {
  /**
   * Path of a JavaScript module whose default export opens a store: `(argument: string) => Promise<TokenStore>`.
   * It is loaded by Node itself, so TypeScript needs a loader in `execArgv`.
   */
  readonly module: string;
  /** What to open, such as a `database-url`. */
  readonly argument: string;
  /** Settings of the TokenService in that process. Default: the defaults. */
  readonly config?: Partial<FastauthConfig>;
  /** Node's own options, such as `['--import', 'tsx']`. Default: none. */
  readonly execArgv?: readonly string[];
  /** Its whole environment, with what is read at start only, such as `NODE_EXTRA_CA_CERTS`. Default: this process'. */
  readonly env?: NodeJS.ProcessEnv;
}

type Methods<T> = {
  [Name in keyof T as T[Name] extends (...args: never[]) => unknown ? Name : never]: T[Name];
};
type Arguments<T, Name extends keyof Methods<T>> = Methods<T>[Name] extends (...args: infer A) => unknown
  ? A
  : never;
type Answer<T, Name extends keyof Methods<T>> = Methods<T>[Name] extends (...args: never[]) => infer R
  ? Awaited<R>
  : never;

interface CallAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message?: string };
}

const ENTRY =
  "const { serveStore } = await import('nestjs-fastauth/store-contract'); await serveStore(process.argv.slice(1));";

/**
 * A process of its own with your store and a TokenService on it: what a second server would be.
 * Values travel as JSON, so `undefined` within them is lost and `Infinity` becomes null.
 */
export class StoreProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Omit<CallAnswer, 'id'>) => void>();
  readonly #ended: Promise<unknown>;
  #calls = 0;
  #said = '';

  private constructor(options: StoreProcessOptions) {
    const { module, argument, config = {}, execArgv = [], env } = options;
    const args = [
      ...execArgv,
      '--input-type=module',
      '-e',
      ENTRY,
      '--',
      module,
      argument,
      JSON.stringify(config),
    ];
    this.#child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(env && { env }),
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stderr?.on('data', (chunk) => (this.#said += String(chunk)));
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** @throws Error with what the process said, if the store does not open */
  static async start(options: StoreProcessOptions): Promise<StoreProcess> {
    const started = new StoreProcess(options);
    const opened = new Promise((resolve, reject) => {
      started.#waiting.set(-1, ({ error }) =>
        error
          ? reject(new Error(`The store did not open in its process:\n${started.#said}`))
          : resolve(undefined),
      );
    });
    void started.#listen();
    await opened;
    return started;
  }

  store<Name extends keyof Methods<TokenStore> & string>(
    method: Name,
    args: Arguments<TokenStore, Name>,
    at?: number,
  ): Promise<Answer<TokenStore, Name>> {
    return this.#call('store', method, args, at) as Promise<Answer<TokenStore, Name>>;
  }

  /** @param at when to make the call, in milliseconds since the epoch. Default: at once */
  tokens<Name extends keyof Methods<TokenService> & string>(
    method: Name,
    args: Arguments<TokenService, Name>,
    at?: number,
  ): Promise<Answer<TokenService, Name>> {
    return this.#call('tokens', method, args, at) as Promise<Answer<TokenService, Name>>;
  }

  /** Puts the process' clock ahead by so many seconds. */
  async skew(seconds: number): Promise<void> {
    await this.#call('clock', 'set', [seconds]);
  }

  /** Lets it close its store and end. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }

  /** SIGKILL. Calls under way reject with an error named `ProcessEnded`. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #call(
    target: StoreCall['target'],
    method: string,
    args: readonly unknown[],
    at?: number,
  ): Promise<unknown> {
    const id = this.#calls++;
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, ({ value, error }) => {
        if (error) reject(Object.assign(new Error('The call failed in its process'), error));
        else resolve(value);
      });
    });
    this.#child.stdin?.write(`${JSON.stringify({ id, target, method, args, at } satisfies StoreCall)}\n`);
    return answered;
  }

  async #listen(): Promise<void> {
    const { stdout } = this.#child;
    if (!stdout) return;
    for await (const line of createInterface({ input: stdout })) {
      const answer = parsed(line);
      if (!answer) continue;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    }
    await this.#ended;
    for (const settle of this.#waiting.values()) settle({ error: { name: 'ProcessEnded' } });
    this.#waiting.clear();
  }
}

/** @returns undefined for a line that a signal cut in the middle, or that the store printed */
function parsed(line: string): CallAnswer | undefined {
  try {
    return JSON.parse(line) as CallAnswer;
  } catch {
    return undefined;
  }
}
