/** The one source of time; tests put their own in its place. */
export abstract class Clock {
  /** Milliseconds since the epoch. */
  abstract now(): number;
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}

/** The furthest time that is still taken for one (the year 9999). */
const LATEST_TIME = 253_402_300_799;

/** Whether this is a time that can be one: epoch seconds. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LATEST_TIME;
}
