import type { SessionKey } from '../../sessions/session-record.js';

/** Looks at a closed session's record once more, and closes it again if it is open. Must not reject. */
export type CloseAgain = (session: SessionKey) => Promise<void>;

/** How long after it was closed a record is looked at again, in milliseconds; then four times as long, and so on. */
const FIRST_LOOK_MS = 200;
const LOOKS_FARTHER_APART = 4;
/** How many closed sessions are looked after at once; beyond that the oldest are given up. */
const MOST_LOOKED_AFTER = 1000;

/**
 * Looks after sessions that were closed by a plain write. A refresh by another process, which read the session before,
 * may still be on its way to the API, and would open it again: so it is looked at until no such write can come any more.
 */
export class RestClosings {
  readonly #until: number;
  readonly #closeAgain: CloseAgain;
  readonly #timers = new Map<object, NodeJS.Timeout>();

  /** @param until how long a write by another process may be under way, in milliseconds */
  constructor(until: number, closeAgain: CloseAgain) {
    this.#until = until;
    this.#closeAgain = closeAgain;
  }

  lookAfter(session: SessionKey): void {
    const [oldest] = this.#timers.keys();
    if (oldest !== undefined && this.#timers.size >= MOST_LOOKED_AFTER) this.#giveUp(oldest);
    this.#schedule({ ...session }, 0, FIRST_LOOK_MS);
  }

  stop(): void {
    for (const closing of this.#timers.keys()) this.#giveUp(closing);
  }

  #schedule(session: SessionKey, now: number, at: number): void {
    const next = Math.min(at, this.#until);
    const timer = setTimeout(() => void this.#look(session, next), next - now).unref();
    this.#timers.set(session, timer);
  }

  async #look(session: SessionKey, now: number): Promise<void> {
    await this.#closeAgain(session);
    if (!this.#timers.delete(session) || now >= this.#until) return;
    this.#schedule(session, now, now * LOOKS_FARTHER_APART);
  }

  #giveUp(closing: object): void {
    clearTimeout(this.#timers.get(closing));
    this.#timers.delete(closing);
  }
}
