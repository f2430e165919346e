import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RootDatabase } from 'lmdb';

/** Where LMDB keeps the number in its lock file: behind its magic and its format number. */
const POSITION = 8;
/** Of its 8 bytes; more commits than they count do not happen. */
const BYTES = 6;
/** Mapped files and read ones are the same memory there. */
const PLATFORMS: readonly string[] = ['linux', 'darwin'];
/** A commit by another process can be read in the data file some milliseconds before its number is set. */
const COMPARISONS = 20;
const BETWEEN_COMPARISONS_MS = 5;

/**
 * The lock files that this process has open, one descriptor each. POSIX gives up all of a process's locks on a file
 * when any descriptor of it is closed, and LMDB holds locks on this one, by which others see that it is in use: who
 * sees none begins it anew, and two would write at once. So it is opened once, and closed with the last store on it.
 * Locks belong to the process, therefore so does this.
 */
const lockFiles = new Map<string, { readonly descriptor: number; stores: number }>();

/**
 * The number of the latest commit to a folder, by any process. LMDB shares it in the lock file, sets it when a commit
 * is done, and begins every read at it: as long as it stays the same, so does all that was read. To look costs less
 * than a microsecond, a tenth of reading a session.
 */
export class LmdbCommits {
  readonly #id: string;
  readonly #descriptor: number;
  readonly #bytes = Buffer.alloc(BYTES);
  #isKnown = false;

  private constructor(id: string, descriptor: number) {
    this.#id = id;
    this.#descriptor = descriptor;
  }

  /** @returns undefined where the file may not be up to date */
  static async open(lockFile: string, root: RootDatabase<Buffer, Buffer>): Promise<LmdbCommits | undefined> {
    if (!PLATFORMS.includes(process.platform)) return undefined;
    // Not its path: another file may have taken its place.
    const { dev, ino } = statSync(lockFile, { bigint: true });
    const id = `${dev}:${ino}`;
    const shared = lockFiles.get(id) ?? { descriptor: openSync(lockFile, 'r'), stores: 0 };
    shared.stores++;
    lockFiles.set(id, shared);
    const commits = new LmdbCommits(id, shared.descriptor);
    for (let comparison = 0; comparison < COMPARISONS && !commits.#isKnown; comparison++) {
      if (comparison > 0) await sleep(BETWEEN_COMPARISONS_MS);
      const { lastTxnId } = root.getStats() as { lastTxnId?: number };
      commits.#isKnown = lastTxnId !== undefined && lastTxnId > 0 && commits.#read() === lastTxnId;
    }
    return commits;
  }

  /** Undefined where the number is not where it should be. */
  latest(): number | undefined {
    return this.#isKnown ? this.#read() : undefined;
  }

  #read(): number {
    readSync(this.#descriptor, this.#bytes, 0, BYTES, POSITION);
    return this.#bytes.readUIntLE(0, BYTES);
  }

  /** After the database has been closed. */
  close(): void {
    const shared = lockFiles.get(this.#id);
    if (shared === undefined || --shared.stores > 0) return;
    lockFiles.delete(this.#id);
    closeSync(shared.descriptor);
  }
}
