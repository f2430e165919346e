import { StoreUnavailableError } from '../../errors.js';
import type { LmdbFiles } from './files.js';
import { describeHolder } from './lock-holder.js';

/** A timer may fire so much before its time. */
const TIMER_SLACK_MS = 2;

/** One that waits for its transaction. */
interface Waiting {
  /** @returns what tells its caller, once that is on disk */
  readonly write: () => () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Write transactions within a time limit. Another process that is stopped while it writes keeps LMDB's lock, and a
 * transaction that waits for it cannot be taken back: so each looks at the time when its turn comes, and does nothing
 * if its caller was told that it failed. While one waits in vain, others are not even begun.
 *
 * What comes before a transaction has its turn goes with it, and one begins when the one before is on disk: each
 * costs many times what most writes do, and a second one would only hold a thread until the first is done.
 */
export class LmdbWrites {
  readonly #files: LmdbFiles;
  readonly #limit: number;
  #next: Waiting[] | undefined;
  /** Settles with the last transaction that was asked for. */
  #last: Promise<void> = Promise.resolve();
  /** Writes that wait, or are not on disk, though their callers were told that they failed. */
  #overdue = 0;
  /** Why, as it was known when the first of them was given up. */
  #reason = '';

  /** @param timeout time limit of one write in seconds */
  constructor(files: LmdbFiles, timeout: number) {
    this.#files = files;
    this.#limit = timeout * 1000;
  }

  /**
   * @param action writes; it runs once, or not at all; what it wrote stays when it throws
   * @throws StoreUnavailableError the time is over; nothing was written, or it was and is not known to be on disk
   */
  run<T>(action: () => T): Promise<T> {
    if (this.#overdue > 0) return Promise.reject(unavailable(this.#reason));
    const deadline = performance.now() + this.#limit - TIMER_SLACK_MS;
    const written = this.#written(() => {
      if (performance.now() > deadline) throw unavailable('its turn came too late');
      return action();
    });
    return this.#inTime(written);
  }

  /**
   * Waits for what is under way, and lets go of the files, within the time limit.
   * @throws StoreUnavailableError it is not done; it will be once the lock is free, unless this process ends before
   */
  async close(): Promise<void> {
    await this.#inTime(this.#last.then(() => this.#files.close()));
  }

  #written<T>(action: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const batch = (this.#next ??= []);
      const write = (): (() => void) => {
        try {
          const result = action();
          return () => resolve(result);
        } catch (error) {
          return () => reject(error as Error);
        }
      };
      if (batch.push({ write, reject }) === 1) this.#last = this.#last.then(() => this.#commit(batch));
    });
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const { journal, grantCounts, oldestGrants } = this.#files;
    try {
      const tellCallers = await this.#files.latest.write(() => {
        this.#next = undefined;
        journal.begin();
        grantCounts.begin();
        oldestGrants.begin();
        const told = batch.map(({ write }) => write());
        grantCounts.write();
        return told;
      });
      for (const tell of tellCallers) tell();
    } catch (error) {
      // Nobody may join one that never got its turn.
      this.#next = undefined;
      for (const { reject } of batch) reject(error);
    }
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let isOverdue = false;
      const timer = setTimeout(() => {
        isOverdue = true;
        // Looked up once: it reads files.
        if (this.#overdue++ === 0) this.#reason = describeHolder(this.#files.latest.holder());
        reject(unavailable(this.#reason));
      }, this.#limit);
      const settled = (): void => {
        clearTimeout(timer);
        if (isOverdue) this.#overdue--;
      };
      work.then(settled, settled);
      work.then(resolve, reject);
    });
  }
}

export function unavailable(reason: string): StoreUnavailableError {
  return new StoreUnavailableError(`The embedded token store is not available: ${reason}. Try again later.`);
}
