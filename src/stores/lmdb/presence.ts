import { randomUUID } from 'node:crypto';
import { chmodSync, closeSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pidSpace } from '../../files/pid-space.js';

/** Between two tries, in milliseconds: by chance, so that two that begin at once do not keep step. */
const LEAST_WAIT_MS = 20;
const MOST_WAIT_MS = 80;
const NAME = /^pid-(\d+)-([\da-f]{8})-[\da-f-]{36}\.sock$/;

/** Which process this is: a PID, and among which processes it means one. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly space: string | undefined;
}

/** What others see of a process while it has the folder open. */
export interface LmdbPresence {
  end(): void;
}

/** Another process with the same PID has the folder open, in another container. */
export class SamePidError extends Error {}

/**
 * Shows that this process has the folder open, and looks for one in another container (PID namespace) that has the
 * same PID. LMDB takes the two for one: the second one waits for the first one's lock within its first read, with the
 * thread blocked, and gives up the first one's snapshots when it closes.
 *
 * Each process listens on a Unix socket in the folder. The kernel answers for it, also while its thread is blocked,
 * and from its end on it does not: nothing has to be waited for after a crash.
 * @param patience how long to wait for the other process to go, in seconds
 * @throws SamePidError when it does not
 * @throws Error of the system when nobody could see it, since the file system knows no sockets, or `/proc` is missing
 */
export async function showPresence(
  folder: string,
  patience: number,
  identity: ProcessIdentity = { pid: process.pid, space: pidSpace() },
): Promise<LmdbPresence> {
  if (identity.space === undefined) throw new Error('The PID namespace cannot be read');
  const descriptor = openSync(folder, 'r');
  try {
    // Paths of sockets may have about 100 bytes, which those of folders often have.
    const place = `/proc/self/fd/${descriptor}/`;
    const presence = await untilAlone(place, patience, identity);
    const end = (): void => {
      presence.end();
      closeSync(descriptor);
    };
    return { end };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

async function untilAlone(place: string, patience: number, identity: ProcessIdentity): Promise<LmdbPresence> {
  const until = performance.now() + patience * 1000;
  for (;;) {
    // Each shows itself before it looks, so of two that begin at once at least one sees the other.
    if (!(await isShared(place, identity))) {
      const presence = await listen(place, identity);
      if (!(await isShared(place, identity))) return presence;
      presence.end();
    }
    if (performance.now() > until) throw new SamePidError();
    await sleep(LEAST_WAIT_MS + Math.random() * (MOST_WAIT_MS - LEAST_WAIT_MS));
  }
}

/** Whether a process with the same PID shows itself. Removes what others left behind. */
async function isShared(place: string, { pid, space }: ProcessIdentity): Promise<boolean> {
  let isFound = false;
  for (const name of readdirSync(place)) {
    const [, otherPid, otherSpace] = NAME.exec(name) ?? [];
    if (otherPid === undefined) continue;
    if (await isGone(place + name)) rmSync(place + name, { force: true });
    // In the same space it is this process: another thread, or another copy of this module.
    else isFound ||= Number(otherPid) === pid && otherSpace !== space;
  }
  return isFound;
}

/** Whether nobody listens any more. Who may not connect, or not now, does not know that. */
function isGone(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT'),
    );
  });
}

async function listen(place: string, { pid, space }: ProcessIdentity): Promise<LmdbPresence> {
  const name = `pid-${pid}-${space}-${randomUUID()}.sock`;
  const server = createServer((socket) => socket.destroy());
  // It gets its name when it answers: before, others would take it for one that was left behind.
  const begun = `${place}${name}.new`;
  await answer(server, begun);
  server.on('error', () => {}).unref();
  try {
    chmodSync(begun, 0o600);
    renameSync(begun, place + name);
  } catch (error) {
    server.close();
    throw error;
  }
  const end = (): void => {
    rmSync(place + name, { force: true });
    server.close();
  };
  return { end };
}

function answer(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Exclusive: a worker of a cluster would otherwise have its primary listen.
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
