import { SafeLogger } from '../events/safe-logger.js';

/** Milliseconds for which a reason that was told is not told again. */
const QUIET_MS = 60_000;

/** Tells operators why a store fails, which callers are not told; the same reason once a minute. */
export class StoreFaultLog {
  readonly #logger = new SafeLogger();
  #reason: string | undefined;
  #toldAt = -Infinity;

  /** @param reason without anything that was sent or stored */
  tell(reason: string): void {
    const now = performance.now();
    if (reason === this.#reason && now - this.#toldAt < QUIET_MS) return;
    this.#reason = reason;
    this.#toldAt = now;
    this.#logger.warn(`The token store failed: ${reason}.`);
  }
}
