import type { TimeLimit } from './time-limit.js';

/** For how long an answer of a backend's clock is used, in milliseconds: two clocks drift apart by less than 1 ms in it. */
const FRESH_MS = 10_000;

/**
 * A backend's clock as this process knows it, so that a write can tell the backend until when it may take effect. The
 * clocks of the two machines need not agree, and this process' may be set at any time: time between is counted by
 * `performance.now()`, which never goes back.
 */
export class BackendClock {
  readonly #ask: () => Promise<number>;
  #asking: Promise<void> | undefined;
  /** By how much the backend's clock is ahead of `performance.now()`, at the least. */
  #ahead = 0;
  #freshUntil = -Infinity;

  /** @param ask what the backend's clock shows, in milliseconds */
  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /**
   * What the backend's clock will show at a moment of `performance.now()`, never later than that moment: the answer was
   * on its way for a while, which is not known and is taken off. Rejects as the question does.
   */
  async at(moment: number): Promise<number> {
    if (performance.now() >= this.#freshUntil) {
      this.#asking ??= this.#learn().finally(() => (this.#asking = undefined));
      await this.#asking;
    }
    return moment + this.#ahead;
  }

  /**
   * Makes a write that takes effect within its time, or not at all.
   * @param send takes the deadline by the backend's clock
   * @param isLate whether `send` rejected since it was too late by that clock, and nothing was done
   */
  async inTime<T>(
    limit: TimeLimit,
    send: (until: number) => Promise<T>,
    isLate: (error: unknown) => boolean,
  ): Promise<T> {
    const attempt = async (): Promise<T> => {
      const until = await this.at(limit.deadline);
      limit.throwIfPassed();
      return send(until);
    };
    try {
      return await attempt();
    } catch (error) {
      if (!isLate(error) || limit.hasPassed) throw error;
      // There is time left: the clock was set since it was asked.
      this.forget();
      return attempt();
    }
  }

  /** It may have been set, or be another one from now on. */
  forget(): void {
    this.#freshUntil = -Infinity;
  }

  async #learn(): Promise<void> {
    const time = await this.#ask();
    const now = performance.now();
    this.#ahead = time - now;
    this.#freshUntil = now + FRESH_MS;
  }
}
