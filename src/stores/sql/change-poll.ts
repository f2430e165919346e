import type { SessionKey } from '../../sessions/session-record.js';

/** A change as the database tells it. */
export interface SqlChange {
  readonly key: SessionKey;
  /** By the database's clock, in epoch seconds. */
  readonly changedAt: number;
}

/** Where changes are read from. */
export interface ChangeSource {
  /** The database's clock in epoch seconds. */
  now(): Promise<number>;
  /** What other processes changed since this time by the database's clock. */
  changesSince(time: number): Promise<readonly SqlChange[]>;
}

/** How often changes of other processes are looked for while somebody watches. */
const POLL_EVERY_MS = 250;
/** For how long the tables remember sessions that have left. */
export const REMOVALS_KEPT_SECONDS = 600;

/**
 * Looks for other processes' changes four times a second, as long as it is started. A change bears the time at which
 * its statement began and is seen later, when it is committed: so each look goes back further than a write can take.
 */
export class ChangePoll {
  readonly #source: ChangeSource;
  readonly #margin: number;
  readonly #tell: (changed: SessionKey | undefined) => void;
  readonly #told = new Map<string, number>();
  #lookedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param margin how long a write can take, in seconds
   * @param tell hears of each change; undefined: changes may have been missed
   */
  constructor(source: ChangeSource, margin: number, tell: (changed: SessionKey | undefined) => void) {
    this.#source = source;
    this.#margin = margin;
    this.#tell = tell;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#lookedAt = undefined;
    this.#schedule(0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => void this.#poll(), delay);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    const timer = this.#timer;
    try {
      await this.#look();
    } catch {
      // What could not be read now is read with the next look, from the same time on.
    }
    if (this.#timer === timer && timer !== undefined) this.#schedule(POLL_EVERY_MS);
  }

  async #look(): Promise<void> {
    const now = await this.#source.now();
    const before = this.#lookedAt ?? now;
    if (now < before || now - before > REMOVALS_KEPT_SECONDS / 2) {
      // The clock was set back, or nothing was seen for longer than removals are kept.
      this.#told.clear();
      this.#lookedAt = now;
      this.#tell(undefined);
      return;
    }
    const since = before - this.#margin;
    for (const { key, changedAt } of await this.#source.changesSince(since)) {
      const change = JSON.stringify([key.clientId, key.familyId, changedAt]);
      if (!this.#told.has(change)) this.#tell(key);
      this.#told.set(change, changedAt);
    }
    this.#lookedAt = now;
    for (const [change, changedAt] of this.#told) {
      if (changedAt < now - 2 * this.#margin) this.#told.delete(change);
    }
  }
}
