import { StoreUnavailableError } from '../../errors.js';
import { StoreFaultLog } from '../store-fault-log.js';
import { openLmdbFiles, type LmdbFiles } from './files.js';
import { hasRoom } from './room.js';
import { LmdbWrites, unavailable } from './writes.js';

/** Milliseconds. To ask the file system in each turn of the event loop took 1 % of a busy core. */
const ROOM_KNOWN_MS = 10;

/** A folder in use. */
interface OpenLmdb {
  readonly files: LmdbFiles;
  readonly writes: LmdbWrites;
}

/** The way to a folder of LMDB: opened and closed once, read and written in transactions, its faults told as ours. */
export class LmdbAccess {
  readonly #log = new StoreFaultLog();
  #opened: OpenLmdb | undefined;
  #hasRoom: boolean | undefined;

  /** @param timeout of one write, in seconds */
  constructor(
    private readonly folder: string,
    private readonly timeout: number,
  ) {}

  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** @throws StoreUnavailableError it is not open */
  get files(): LmdbFiles {
    return this.#open().files;
  }

  /** Whether the disk has more room than is kept for revocations; looked up at most every {@link ROOM_KNOWN_MS}. */
  get hasRoom(): boolean {
    if (this.#hasRoom === undefined) {
      this.#hasRoom = hasRoom(this.folder);
      setTimeout(() => (this.#hasRoom = undefined), ROOM_KNOWN_MS).unref();
    }
    return this.#hasRoom;
  }

  /** @throws StoreUnavailableError when the folder cannot be used, or holds something else or something damaged */
  async open(): Promise<void> {
    const files = await openLmdbFiles(this.folder, this.timeout);
    files.journal.startHere();
    this.#opened = { files, writes: new LmdbWrites(files, this.timeout) };
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    try {
      await opened?.writes.close();
    } catch (error) {
      // Whoever shuts down is not to wait for a process that may never go on.
      this.unavailable(error);
    }
  }

  /** Reads what every process has committed up to now. */
  read<T>(action: (files: LmdbFiles) => T): T {
    const { files } = this;
    try {
      files.sessions.resetReadTxn();
      return action(files);
    } catch (error) {
      throw this.unavailable(error);
    }
  }

  /**
   * One transaction. `action` runs while no other process can write, and must read all it needs before its first
   * write: what it wrote stays when it throws.
   */
  async write<T>(action: (files: LmdbFiles) => T): Promise<T> {
    const { files, writes } = this.#open();
    try {
      return await writes.run(() => action(files));
    } catch (error) {
      throw this.unavailable(error);
    }
  }

  /** @throws StoreUnavailableError when the disk is almost full */
  needRoom(): void {
    if (!this.hasRoom) throw this.unavailable(unavailable('the disk is almost full'));
  }

  /** The backend's fault as ours. lmdb's own text may name the file and a position in it, never what it holds. */
  unavailable(error: unknown): unknown {
    if (error instanceof StoreUnavailableError) {
      this.#log.tell(
        error.message.replace(/^The embedded token store is not available: |\.(?: Try again later\.)?$/g, ''),
      );
      return error;
    }
    // A second promise rejects with the reason; unhandled it would end the process.
    Promise.resolve((error as { commitError?: unknown }).commitError).catch(() => undefined);
    this.#log.tell(error instanceof Error ? error.message : 'it failed');
    return new StoreUnavailableError('The embedded token store failed to read or write.', undefined, {
      cause: error,
    });
  }

  #open(): OpenLmdb {
    if (this.#opened === undefined) throw new StoreUnavailableError('The embedded token store is not open.');
    return this.#opened;
  }
}
