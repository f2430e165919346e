import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isGone, pidSpace } from './pid-space.js';

/** How often a claim is shown to be alive, and after how long without that it counts as left behind, in milliseconds. */
const BEAT_MS = 1000;
const STALE_MS = 5000;

/**
 * The claim of one writer to a file: a file of its own beside it, into which the new content goes. To put it in place
 * is to rename that file, so it is over once the claim is gone: whoever removes the claim of a process that seems to
 * have died can be wrong (it was stopped, it is in another container) and nothing is lost, since what the other one
 * then writes fails rather than replaces. Clocks and PIDs decide only how soon a claim that was left behind is removed.
 */
export class WriteClaim {
  readonly #path: string;
  readonly #own: string;
  readonly #file: FileHandle;
  readonly #beat: NodeJS.Timeout;

  private constructor(path: string, own: string, file: FileHandle) {
    this.#path = path;
    this.#own = own;
    this.#file = file;
    let beats = 0;
    this.#beat = setInterval(() => {
      beats++;
      // It may have been removed; that is found when it is put in place. Others look whether the time changes.
      utimes(own, beats, beats).catch(() => {});
    }, BEAT_MS);
    this.#beat.unref();
  }

  /**
   * A claim, where no other writer has one. Each writer makes its claim before it looks, so of two at the same time
   * at least one sees the other.
   */
  static async make(path: string, rivals: Rivals): Promise<WriteClaim | undefined> {
    if ((await rivals.look()).length > 0) return undefined;
    const own = `${path}${CLAIM}${process.pid}-${pidSpace() ?? 'unknown'}-${randomUUID()}`;
    const claim = new WriteClaim(path, own, await open(own, 'wx', 0o600));
    try {
      const others = await rivals.look(basename(own));
      if (others.length === 0) return claim;
    } catch (error) {
      await claim.end();
      throw error;
    }
    await claim.end();
    return undefined;
  }

  /**
   * Puts the text in the file's place, at once or not at all, also under SIGKILL; its owner alone can read it.
   * @returns whether it did; false: the claim was taken away, and somebody else may have written
   */
  async put(text: string): Promise<boolean> {
    try {
      await this.#file.writeFile(text);
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#own, this.#path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  async end(): Promise<void> {
    clearInterval(this.#beat);
    await this.#file.close().catch(() => {});
    await rm(this.#own, { force: true });
  }
}

const CLAIM = '.lock-';

/** Other writers' claims to a file, as one writer that waits sees them. */
export class Rivals {
  readonly #folder: string;
  readonly #prefix: string;
  readonly #seen = new Map<string, { readonly beat: number; readonly since: number }>();

  constructor(path: string) {
    this.#folder = dirname(path);
    this.#prefix = `${basename(path)}.lock`;
  }

  /** @returns the names of those that may still write; others are removed, so that they cannot */
  async look(own?: string): Promise<readonly string[]> {
    const names = (await readdir(this.#folder)).filter((name) => name !== own && this.#isClaim(name));
    const alive: string[] = [];
    for (const name of names) {
      if (await this.#isAlive(name)) alive.push(name);
      else await rm(join(this.#folder, name), { force: true });
    }
    return alive;
  }

  /** The bare `.lock` with a PID in it is how earlier versions claimed a file. */
  #isClaim(name: string): boolean {
    const rest = name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : undefined;
    return rest === '' || (rest !== undefined && /^-\d+-\w+-[\da-f-]{36}$/.test(rest));
  }

  async #isAlive(name: string): Promise<boolean> {
    const path = join(this.#folder, name);
    const state = await stat(path).catch(() => undefined);
    // It has just ended by itself: what it wrote is in place.
    if (!state) return false;
    const [, pid, space] = /-(\d+)-(\w+)-[\da-f-]{36}$/.exec(name) ?? [];
    const isHere = space !== undefined && space === pidSpace();
    if (isHere && isGone(Number(pid))) return false;
    if (space === undefined) {
      const text = await readFile(path, 'utf8').catch(() => '');
      if (/^\d+$/.test(text) && isGone(Number(text))) return false;
    }
    // Compared with itself: the clocks of two machines may differ.
    const beat = state.mtimeMs;
    const seen = this.#seen.get(name);
    const now = performance.now();
    if (seen?.beat !== beat) this.#seen.set(name, { beat, since: now });
    return seen?.beat !== beat || now - seen.since < STALE_MS;
  }
}
