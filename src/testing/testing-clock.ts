import type { Clock } from '../clock.js';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|[smhd])$/;

/** A length of time: `'90s'`, `'15m'`, `'2h'`, `'30d'`, or a number of seconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** Moves the time of one application's fastauth; the clock of the process goes on as it is. */
export class TestingClock {
  #ahead = 0;

  /** @internal */
  constructor(private readonly clock: Clock) {
    const now = clock.now.bind(clock);
    clock.now = () => now() + this.#ahead;
  }

  /** Milliseconds since the epoch, as the application's fastauth sees it. */
  now(): number {
    return this.clock.now();
  }

  /**
   * Lets time pass.
   * @throws TypeError it is no duration, or time would run backwards
   * @example auth.clock.advance('15m')
   */
  advance(duration: Duration): void {
    this.#ahead += millisecondsOf(duration);
  }
}

function millisecondsOf(duration: Duration): number {
  const [, amount, unit] = DURATION.exec(typeof duration === 'number' ? `${duration}s` : duration) ?? [];
  if (amount === undefined)
    throw new TypeError(
      `${JSON.stringify(duration)} is not a duration: write '90s', '15m', '2h', '30d' or seconds`,
    );
  return Number(amount) * UNITS[unit as keyof typeof UNITS];
}
