import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Clock, SystemClock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { TokenStore } from '../sessions/token-store.js';
import { tokenServiceOn } from './model-node.js';

/** What a module for {@link StoreProcess} gives by default: opens a store on the data that `argument` names. */
export type OpenStore = (argument: string) => Promise<TokenStore>;

/** A call as it travels to the process. */
export interface StoreCall {
  readonly id: number;
  readonly target: 'store' | 'tokens' | 'clock';
  readonly method: string;
  readonly args: readonly unknown[];
  /** When to make it, in milliseconds since the epoch: several processes can be told the same instant. */
  readonly at?: number | undefined;
}

/** The system's clock, or one that goes wrong by as much as it is told. */
class SkewedClock extends Clock {
  private readonly system = new SystemClock();
  private skew = 0;

  now(): number {
    return this.system.now() + this.skew;
  }

  /** @param seconds how far it is ahead */
  set(seconds: number): void {
    this.skew = seconds * 1000;
  }
}

/**
 * @internal The process that `StoreProcess` starts: reads calls from its standard input, makes them side by side, and
 * writes what came of each.
 * @param args the module's path, what it opens, and further configuration as JSON
 */
export async function serveStore([
  path = '',
  argument = '',
  settings = '{}',
]: readonly string[]): Promise<void> {
  const { default: open } = (await import(pathToFileURL(path).href)) as { default: OpenStore };
  const store = await open(argument);
  const clock = new SkewedClock();
  const system = new SystemClock();
  const tokens = tokenServiceOn(store, clock, JSON.parse(settings) as Partial<FastauthConfig>);
  const targets: Readonly<Record<StoreCall['target'], object>> = { store, tokens, clock };
  const answers: Promise<void>[] = [];
  // A pipe is written at once, so that what was acknowledged is out before a signal can come.
  const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
  say({ id: -1 });
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, target, method, args, at } = JSON.parse(line) as StoreCall;
    const owner = targets[target] as Record<string, (...args: readonly unknown[]) => unknown>;
    const answer = (async () => {
      if (at !== undefined) await instant(at, system);
      return owner[method]?.(...args);
    })();
    answers.push(
      answer.then(
        (value) => say({ id, value }),
        (error: Error) => say({ id, error: { name: error.name, message: error.message } }),
      ),
    );
  }
  await Promise.all(answers);
  await store.close();
}

/** A timer is late by another bit in each process: the last of the time is waited out, so that calls really collide. */
async function instant(at: number, clock: Clock): Promise<void> {
  await sleep(Math.max(0, at - clock.now() - 2));
  while (clock.now() < at);
}
