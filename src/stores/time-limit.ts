import { TaskCancelledError } from 'cockatiel';

/** A timer may fire so much before its time. */
const TIMER_SLACK_MS = 2;

/**
 * How long one operation on a backend may take. Each call to a store has one, and hardly any needs it: an `AbortSignal`
 * with its listeners was a twentieth of a call to the REST persistence API.
 */
export class TimeLimit {
  /** When the caller is told that it failed, in milliseconds of `performance.now()`: a write must not take effect after that. */
  readonly deadline: number;
  /** Rejects when the time is over. */
  readonly passes: Promise<never>;
  #hasPassed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number) {
    this.deadline = performance.now() + milliseconds - TIMER_SLACK_MS;
    this.passes = new Promise((_resolve, reject) => {
      this.#timer = setTimeout(() => {
        this.#hasPassed = true;
        reject(new TaskCancelledError());
      }, milliseconds);
    });
  }

  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  /** @throws TaskCancelledError the caller was told that it failed */
  throwIfPassed(): void {
    if (this.#hasPassed) throw new TaskCancelledError();
  }

  /** Settles as the work does, or rejects when the time is over. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.passes]);
  }

  /** The operation has ended. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
