import { StoreUnavailableError } from '../../errors.js';
import type { LmdbFiles } from './files.js';
import { describeHolder } from './lock-holder.js';

/** A timer may fire so much before its time. */
const TIMER_SLACK_MS = 2;

/**
 * Write transactions within a time limit. Another process that is stopped while it writes keeps LMDB's lock, and a
 * transaction that waits for it cannot be taken back: so each looks at the time when its turn comes, and does nothing
 * if its caller was told that it failed. While one waits in vain, others are not even begun.
 */
export class LmdbWrites {
  readonly #files: LmdbFiles;
  readonly #limit: number;
  /** Transactions that wait, or are not on disk, though their callers were told that they failed. */
  #overdue = 0;
  /** Why, as it was known when the first of them was given up. */
  #reason = '';

  /** @param timeout time limit of one write in seconds */
  constructor(files: LmdbFiles, timeout: number) {
    this.#files = files;
    this.#limit = timeout * 1000;
  }

  /**
   * @param action writes; it runs once, or not at all
   * @throws StoreUnavailableError the time is over; nothing was written, or it was and is not known to be on disk
   */
  async run<T>(action: () => T): Promise<T> {
    if (this.#overdue > 0) throw unavailable(this.#reason);
    const deadline = performance.now() + this.#limit - TIMER_SLACK_MS;
    const transaction = this.#files.latest.write(() => {
      if (performance.now() > deadline) throw unavailable('its turn came too late');
      return action();
    });
    return this.#inTime(transaction);
  }

  /**
   * Waits for what is under way, and lets go of the files, within the time limit.
   * @throws StoreUnavailableError it is not done; it will be once the lock is free, unless this process ends before
   */
  async close(): Promise<void> {
    await this.#inTime(this.#files.close());
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    let isOverdue = false;
    const settled = (): void => {
      if (isOverdue) this.#overdue--;
    };
    work.then(settled, settled);
    let timer: NodeJS.Timeout | undefined;
    const timeIsOver = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isOverdue = true;
        // Looked up once: it reads files.
        if (this.#overdue++ === 0) this.#reason = describeHolder(this.#files.latest.holder());
        reject(unavailable(this.#reason));
      }, this.#limit);
    });
    try {
      return await Promise.race([work, timeIsOver]);
    } finally {
      clearTimeout(timer);
    }
  }
}

export function unavailable(reason: string): StoreUnavailableError {
  return new StoreUnavailableError(`The embedded token store is not available: ${reason}. Try again later.`);
}
