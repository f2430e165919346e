import type { Clock } from '../clock.js';

/** Seconds by which two sessions of one process differ at least. */
const SHORTEST_TIME = 1e-6;

/** When sessions of this process begin: so that even those of one millisecond are ordered. */
export class SessionBeginnings {
  #last = 0;

  constructor(private readonly clock: Clock) {}

  /** The time, in epoch seconds with a fraction; never the same twice. */
  next(): number {
    const now = this.clock.now() / 1000;
    const next = this.#last + SHORTEST_TIME;
    this.#last = now < next && Math.floor(next) === Math.floor(now) ? next : now;
    return this.#last;
  }
}
