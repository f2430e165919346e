import { SafeLogger } from '../events/safe-logger.js';

/** Milliseconds for which a reason that was told is not told again. */
const QUIET_MS = 60_000;

/** Tells operators why a store, or an issuer, fails, which callers are not told; the same reason once a minute. */
export class StoreFaultLog {
  readonly #logger = new SafeLogger();
  #reason: string | undefined;
  #toldAt = -Infinity;
  readonly #subject: string;

  /** @param subject begins the sentences. Default: `The token store` */
  constructor(subject = 'The token store') {
    this.#subject = subject;
  }

  /** @param reason without anything that was sent or stored */
  tell(reason: string): void {
    const now = performance.now();
    if (reason === this.#reason && now - this.#toldAt < QUIET_MS) return;
    this.#reason = reason;
    this.#toldAt = now;
    this.#logger.warn(`${this.#subject} failed: ${reason}.`);
  }
}
