import { randomBytes } from 'node:crypto';

/** What a {@link RedisPlace} needs of the connection. */
export interface PlaceReader {
  isThere(): boolean;
  read(key: string): Promise<string | null>;
  /** Sets the key unless somebody has. */
  mark(key: string, value: string): Promise<unknown>;
}

/** What it tells. Times are those of `performance.now()`. */
export interface PlaceListener {
  /** It was the same database at this time. */
  same(at: number): void;
  /** Another one, as after SWAPDB. */
  other(at: number): void;
}

const LOOK_EVERY_MS = 1000;

/**
 * Knows by a key of its own whether the database is still the one that was read from. Redis tells those who track keys
 * of FLUSHDB and FLUSHALL, and not of SWAPDB, which puts another database in its place.
 */
export class RedisPlace {
  readonly #key: string;
  readonly #reader: PlaceReader;
  readonly #listener: PlaceListener;
  #known: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(key: string, reader: PlaceReader, listener: PlaceListener) {
    this.#key = key;
    this.#reader = reader;
    this.#listener = listener;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async look(): Promise<void> {
    if (!this.#reader.isThere()) return;
    const at = performance.now();
    try {
      const found = (await this.#reader.read(this.#key)) ?? (await this.#marked());
      if (this.#timer === undefined || found === null) return;
      const isOther = this.#known !== undefined && found !== this.#known;
      this.#known = found;
      if (isOther) this.#listener.other(at);
      else this.#listener.same(at);
    } catch {
      // Out of reach: without a sign of life nothing is served from memory.
    }
  }

  async #marked(): Promise<string | null> {
    await this.#reader.mark(this.#key, randomBytes(12).toString('base64url'));
    return this.#reader.read(this.#key);
  }
}
