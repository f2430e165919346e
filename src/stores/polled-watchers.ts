import { SessionWatchers } from '../sessions/session-watchers.js';
import type { SessionWatcher } from '../sessions/token-store.js';

/**
 * Those who watch a store that cannot be told of changes and has to look for them: it looks again and again, but
 * only while somebody watches and it may. Its timer keeps no process alive.
 */
export class PolledWatchers extends SessionWatchers {
  readonly #every: number;
  readonly #look: () => void;
  #mayLook = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param every milliseconds between looks
   * @param look called that often; must not throw
   */
  constructor(every: number, look: () => void) {
    super();
    this.#every = every;
    this.#look = look;
  }

  override add(watcher: SessionWatcher): () => void {
    const end = super.add(watcher);
    this.#schedule();
    return () => {
      end();
      this.#schedule();
    };
  }

  /** The store is open (or no longer). */
  mayLook(mayLook: boolean): void {
    this.#mayLook = mayLook;
    this.#schedule();
  }

  #schedule(): void {
    const isWanted = this.#mayLook && this.size > 0;
    if (isWanted && this.#timer === undefined) {
      this.#timer = setInterval(this.#look, this.#every).unref();
    } else if (!isWanted) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}
