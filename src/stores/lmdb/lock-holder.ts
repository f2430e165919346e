import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/** Where LMDB keeps, in its lock file on Linux, the mutex of those who write: glibc's, robust and shared by processes. */
const MUTEX_POSITION = 64;
const KIND_POSITION = 80;
/** PTHREAD_MUTEX_ROBUST and process-shared: that it stands there says that the layout is the one known. */
const KIND = 0x90;
/** The mutex holds the thread that has it; the two highest bits say that others wait, and that it died. */
const THREAD_BITS = 0x3fffffff;
const DIED = 0x40000000;

/** A process that holds LMDB's lock for writing. */
export interface LmdbLockHolder {
  readonly pid: number;
  /** It was stopped by a signal, or by a debugger, and does not go on by itself. */
  readonly isStopped: boolean;
}

/**
 * The process that holds the lock for writing just now; undefined where that cannot be known for sure: on other
 * systems than Linux, and when it is in another container or belongs to another user.
 * @param descriptor of the lock file
 */
export function lmdbLockHolder(descriptor: number): LmdbLockHolder | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    if (wordAt(descriptor, KIND_POSITION) !== KIND) return undefined;
    const word = wordAt(descriptor, MUTEX_POSITION);
    const thread = word & THREAD_BITS;
    if (thread === 0 || (word & DIED) !== 0) return undefined;
    const status = readFileSync(`/proc/${thread}/status`, 'utf8');
    const pid = Number(/^Tgid:\s*(\d+)/m.exec(status)?.[1]);
    // The number may be another process' by now, or in this container: it must have this very file in memory.
    const { ino } = fstatSync(descriptor, { bigint: true });
    const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
    if (!new RegExp(` ${ino} +/.*lock\\.mdb`).test(maps)) return undefined;
    return { pid, isStopped: /^State:\s*[Tt]/m.test(status) };
  } catch {
    return undefined;
  }
}

/**
 * As {@link lmdbLockHolder}, for a folder that this process does not have open: closing the file would give up the
 * locks of a store that has (POSIX).
 */
export function lmdbLockHolderOf(lockFile: string): LmdbLockHolder | undefined {
  const descriptor = openSync(lockFile, 'r');
  try {
    return lmdbLockHolder(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** As a reason why nothing can be written. */
export function describeHolder(holder: LmdbLockHolder | undefined): string {
  if (holder === undefined) return 'a write was not done within the time limit';
  if (holder.pid === process.pid) return 'a write of this process was not on disk within the time limit';
  return `process ${holder.pid}${holder.isStopped ? ', which is stopped,' : ''} holds the lock of its folder`;
}

function wordAt(descriptor: number, position: number): number {
  const bytes = Buffer.alloc(4);
  readSync(descriptor, bytes, 0, bytes.length, position);
  return bytes.readUInt32LE();
}
