import { SafeLogger } from '../events/safe-logger.js';
import type { SessionKey } from './session-record.js';
import type { SessionWatcher } from './token-store.js';

/** Those who watch a store's sessions. One that throws or rejects harms neither the others nor the store. */
export class SessionWatchers {
  readonly #watchers = new Set<SessionWatcher>();
  readonly #logger = new SafeLogger();

  get size(): number {
    return this.#watchers.size;
  }

  /** @returns a function that ends the watch */
  add(watcher: SessionWatcher): () => void {
    // An object of its own, so that one function may watch twice.
    const own: SessionWatcher = (changed) => watcher(changed);
    this.#watchers.add(own);
    return () => this.#watchers.delete(own);
  }

  /** @param changed undefined: changes may have been missed */
  notify(changed: SessionKey | undefined): void {
    for (const watcher of this.#watchers) {
      this.#logger.contain('A watcher of sessions', () => {
        const heard: unknown = watcher(changed);
        if (heard instanceof Promise)
          heard.catch((error) => this.#logger.failure('A watcher of sessions', error));
      });
    }
  }
}
