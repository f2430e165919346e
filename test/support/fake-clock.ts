import { Clock } from '../../src/clock.js';

/** A clock that stands still until it is told to move. */
export class FakeClock extends Clock {
  private time = Date.UTC(2030, 0, 1);

  now(): number {
    return this.time;
  }

  advance(seconds: number): void {
    this.time += seconds * 1000;
  }

  get seconds(): number {
    return this.time / 1000;
  }
}
