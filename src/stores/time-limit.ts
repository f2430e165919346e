import { TaskCancelledError } from 'cockatiel';

/** A timer may fire so much before its time. */
const TIMER_SLACK_MS = 2;
/** How much of its time an operation must have left. */
const FAIR_SHARE = 0.5;

/**
 * How long one operation on a backend may take. Each call to a store has one, and hardly any needs it: an `AbortSignal`
 * with its listeners was a twentieth of a call to the REST persistence API.
 */
export class TimeLimit {
  /** When the caller is told that it failed, in milliseconds of `performance.now()`: a write must not take effect after that. */
  readonly deadline: number;
  readonly #fairBefore: number;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #told: ((error: Error) => void)[] = [];
  #hasPassed: boolean;

  /**
   * @param milliseconds what an operation may take
   * @param until when it has to end that began before, in milliseconds of `performance.now()`
   */
  constructor(milliseconds: number, until = Infinity) {
    const now = performance.now();
    const left = Math.min(milliseconds, until - now);
    this.deadline = now + left - TIMER_SLACK_MS;
    this.#fairBefore = this.deadline - milliseconds * FAIR_SHARE;
    this.#hasPassed = left <= 0;
    if (this.#hasPassed) return;
    this.#timer = setTimeout(() => {
      this.#hasPassed = true;
      for (const tell of this.#told) tell(new TaskCancelledError());
    }, left);
  }

  /** Whether a backend that is asked now and does not answer in time is to blame, and not what was waited for before. */
  get isFair(): boolean {
    return performance.now() < this.#fairBefore;
  }

  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  /** @throws TaskCancelledError the caller was told that it failed */
  throwIfPassed(): void {
    if (this.#hasPassed) throw new TaskCancelledError();
  }

  /** @param tell called when the time is over, in the order in which they came; at once if it is already */
  onPassed(tell: (error: Error) => void): void {
    if (this.#hasPassed) tell(new TaskCancelledError());
    else this.#told.push(tell);
  }

  /** Settles as the work does, or rejects when the time is over. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.onPassed(reject);
      work.then(resolve, reject);
    });
  }

  /** The operation has ended. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
