import type { FastauthConfig } from '../../src/config/fastauth-config.js';
import type { TokenStore } from '../../src/stores/token-store.js';
import type { TokenService } from '../../src/tokens/token.service.js';
import { JsonChild } from './child-process.js';
import type { CompiledFiles } from './compile.js';

/** A call as `store-child.ts` reads it. */
export interface StoreCall {
  readonly id: number;
  readonly target: 'store' | 'tokens' | 'clock';
  readonly method: string;
  readonly args: readonly unknown[];
  /** When to make it, in milliseconds since the epoch: several processes can be told the same instant. */
  readonly at?: number | undefined;
}

interface CallAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message?: string };
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

/**
 * A process of its own with a store and a TokenService on the test's `database-url`: what a second server would be.
 * Values travel as JSON, so `undefined` within them is lost and `Infinity` becomes null.
 */
export class StoreProcess {
  readonly #child: JsonChild;
  readonly #waiting = new Map<number, (answer: Omit<CallAnswer, 'id'>) => void>();
  #calls = 0;

  private constructor(child: JsonChild) {
    this.#child = child;
    void this.#listen();
  }

  /** @param compiled what `compile('test/support/store-child.ts')` gave */
  static async start(
    compiled: CompiledFiles,
    databaseUrl: string,
    config: Partial<FastauthConfig> = {},
  ): Promise<StoreProcess> {
    const args = [compiled.entry, 'serve', databaseUrl, JSON.stringify(config)];
    const child = new JsonChild(process.execPath, args);
    if ((await child.next()) !== 'open') throw new Error('The store did not open in its process');
    return new StoreProcess(child);
  }

  store<Name extends keyof Methods<TokenStore> & string>(
    method: Name,
    args: Arguments<TokenStore, Name>,
    at?: number,
  ): Promise<Answer<TokenStore, Name>> {
    return this.#call('store', method, args, at) as Promise<Answer<TokenStore, Name>>;
  }

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
    await this.#child.end();
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#child.kill();
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
    this.#child.tell({ id, target, method, args, at } satisfies StoreCall);
    return answered;
  }

  async #listen(): Promise<void> {
    for (let answer; (answer = await this.#child.next<CallAnswer>()) !== undefined;) {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    }
    for (const settle of this.#waiting.values()) settle({ error: { name: 'ProcessEnded' } });
  }
}
