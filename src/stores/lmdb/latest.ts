import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { RootDatabase } from 'lmdb';
import { lmdbLockHolder, type LmdbLockHolder } from './lock-holder.js';

/** Where LMDB keeps the number of the latest commit in its lock file: behind its magic and its format number. */
const POSITION = 8;
const BYTES = 8;
/** Each one fails only if another process opens the folder just then. */
const ATTEMPTS = 100;
/** Mapped files and written ones are the same memory there. */
const PLATFORMS: readonly string[] = ['linux', 'darwin'];

/**
 * Write transactions that begin at the latest commit. A process that opens a folder reads in the data file which
 * commit is the latest, and a little later sets that number in the lock file, without LMDB's lock: what another one
 * committed in between is forgotten, and the next transaction would write over it. The data file still knows it.
 */
export class LmdbLatest {
  readonly #root: RootDatabase<Buffer, Buffer>;
  /** Closed after the database: closing it gives up LMDB's locks on the file (POSIX). */
  readonly #descriptor: number | undefined;

  constructor(lockFile: string, root: RootDatabase<Buffer, Buffer>) {
    this.#root = root;
    this.#descriptor = PLATFORMS.includes(process.platform) ? openSync(lockFile, 'r+') : undefined;
  }

  /** @param action writes; it runs once */
  async write<T>(action: () => T): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const done = await this.#root.transaction(() => this.#isAtLatest() && { result: action() });
      if (done) return done.result;
    }
    throw behind();
  }

  /** As {@link write}, and blocks the thread. */
  writeSync<T>(action: () => T): T {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const done = this.#root.transactionSync(() => this.#isAtLatest() && { result: action() });
      if (done) return done.result;
    }
    throw behind();
  }

  /** Within a transaction: nobody else commits. Sets the number right where it is not, for the next one. */
  #isAtLatest(): boolean {
    if (this.#descriptor === undefined) return true;
    const { env } = this.#root as unknown as { env: { info(): { lastTxnId: number } } };
    const latest = env.info().lastTxnId;
    const begun = this.#root.getWriteTxnId() - 1;
    if (begun >= latest) return true;
    const number = Buffer.alloc(BYTES);
    readSync(this.#descriptor, number, 0, BYTES, POSITION);
    if (number.readBigUInt64LE() === BigInt(begun)) {
      number.writeBigUInt64LE(BigInt(latest));
      writeSync(this.#descriptor, number, 0, BYTES, POSITION);
    }
    return false;
  }

  /** Who holds the lock for writing just now, if that can be known. */
  holder(): LmdbLockHolder | undefined {
    return this.#descriptor === undefined ? undefined : lmdbLockHolder(this.#descriptor);
  }

  /** After the database has been closed. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}

function behind(): Error {
  return new Error('another process has set back the number of the latest commit');
}
