import { KeyRing } from './key-ring.js';
import { ReloadBudget } from './reload-budget.js';

/** Where a holder reads its keys again. */
export interface KeyRingSource {
  load(): Promise<KeyRing>;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * Holds the ring in force. Whoever uses keys asks for `current` each time and keeps nothing that outlives it:
 * what was verified under an earlier ring is verified again.
 */
export class ActiveKeyRing {
  #current: KeyRing;
  #reloading: Promise<boolean> | undefined;
  readonly #budget = new ReloadBudget();
  readonly #listeners = new Set<() => void>();

  constructor(
    ring: KeyRing,
    private readonly source?: KeyRingSource,
  ) {
    this.#current = ring;
  }

  get current(): KeyRing {
    return this.#current;
  }

  /** Puts another ring in force, from the next token on. */
  replace(ring: KeyRing): void {
    const isOther = ring !== this.#current;
    this.#current = ring;
    if (isOther) for (const listener of this.#listeners) listener();
  }

  /**
   * Calls the listener, which must be quick and must not throw, each time another ring is in force.
   * @returns a function that ends it
   */
  onChange(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /**
   * Reads the keys again, because a token names one that is not known: another process may have rotated. Calls at
   * the same time share one reading; how many there are, whatever keys are named, is for {@link ReloadBudget}.
   * @param name tells the unknown keys apart
   * @returns whether another ring is in force now; undefined where nothing is read
   */
  reload(name = ''): Promise<boolean> | undefined {
    const { source } = this;
    if (!source) return undefined;
    const underWay = this.#reloading;
    // That reading may have begun before the key was there.
    if (underWay)
      return underWay.then((isOther) => isOther || (this.#reloading ?? this.#read(source, name) ?? false));
    return this.#read(source, name);
  }

  #read(source: KeyRingSource, name: string): Promise<boolean> | undefined {
    if (!this.#budget.spend(name, source.now())) return undefined;
    const before = this.#current;
    this.#reloading = source
      .load()
      .then((ring) => {
        this.replace(ring);
        return this.#current !== before;
      })
      // The ring in force stays good when its source is out of reach; whoever watches the source tells of that.
      .catch(() => false)
      .finally(() => {
        this.#reloading = undefined;
      });
    return this.#reloading;
  }
}
