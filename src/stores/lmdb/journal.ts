import type { Database } from 'lmdb';
import type { SessionKey } from '../../sessions/session-record.js';
import { parseSessionKey, sessionKeyBytes } from './keys.js';

/** How many changes are kept for other processes to read; who misses more is told that changes were missed. */
const KEPT_CHANGES = 4096;
/** More than this many changes since the last look are told as one: "any session may have changed". */
const MOST_TOLD_ONE_BY_ONE = 1000;
const WRITER_BYTES = 8;

/** What was written since the last look; undefined stands for changes that cannot be told one by one. */
export type JournalNews = readonly (SessionKey | undefined)[];

/**
 * The latest changes of sessions, in the order of their writing, for the other processes that share the folder:
 * a sequence number → who wrote, and which session. It is bounded, and written in the transaction of the change.
 */
export class LmdbJournal {
  readonly #entries: Database<Buffer, Buffer>;
  readonly #writer: Buffer;
  #seen = 0;
  /** The number of the last change, as far as this transaction has looked. */
  #last: number | undefined;

  /** @param writer 8 bytes that no other store has */
  constructor(entries: Database<Buffer, Buffer>, writer: Buffer) {
    this.#entries = entries;
    this.#writer = writer;
  }

  /** Others may have written before this transaction. */
  begin(): void {
    this.#last = undefined;
  }

  /** Within a write transaction. */
  add(changed: readonly SessionKey[]): void {
    for (const key of changed) {
      const session = sessionKeyBytes(key);
      if (session === undefined) continue;
      const sequence = (this.#last ?? this.#latest()) + 1;
      this.#entries.putSync(sequenceKey(sequence), Buffer.concat([this.#writer, session]));
      this.#entries.removeSync(sequenceKey(sequence - KEPT_CHANGES));
      this.#last = sequence;
    }
  }

  /** From here on {@link news} tells what was written. */
  startHere(): void {
    this.#entries.resetReadTxn();
    this.#seen = this.#latest();
  }

  /** What others wrote since the last call. */
  news(): JournalNews {
    this.#entries.resetReadTxn();
    const last = this.#latest();
    const from = this.#seen + 1;
    this.#seen = last;
    if (last < from) return last === from - 1 ? [] : [undefined];
    if (last - from >= MOST_TOLD_ONE_BY_ONE) return [undefined];
    const entries = [...this.#entries.getRange({ start: sequenceKey(from), end: sequenceKey(last + 1) })];
    // Some of it is no longer kept.
    if (entries.length < last - from + 1) return [undefined];
    return entries
      .filter(({ value }) => !value.subarray(0, WRITER_BYTES).equals(this.#writer))
      .map(({ value }) => parseSessionKey(value.subarray(WRITER_BYTES)));
  }

  #latest(): number {
    for (const key of this.#entries.getKeys({ reverse: true, limit: 1 })) return key.readDoubleBE();
    return 0;
  }
}

/** Positive doubles sort by their bytes. */
function sequenceKey(sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(Math.max(0, sequence));
  return bytes;
}
