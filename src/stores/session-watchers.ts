import type { SessionKey } from '../tokens/session-record.js';
import type { SessionWatcher } from './token-store.js';

/** Those who watch a store's sessions. */
export class SessionWatchers {
  readonly #watchers = new Set<SessionWatcher>();

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
    for (const watcher of this.#watchers) watcher(changed);
  }
}
