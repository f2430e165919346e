/** How long a file system may take to answer, in milliseconds. */
const PATIENCE_MS = 2000;

/**
 * Calls to a file system that may hang, as one across a network does when its server has gone. One runs at a time,
 * and while one hangs no other is begun: each would hold a thread of the few that Node has for all of them.
 */
export class CallsInTurn {
  #last: Promise<unknown> = Promise.resolve();
  #isHanging = false;

  /** @throws Error the end of a sentence: it did not answer within 2 seconds, or still has not */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isHanging) throw unanswered();
    const answer = this.#last.then(call);
    this.#last = answer.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#isHanging = true;
        void this.#last.then(() => (this.#isHanging = false));
        reject(unanswered());
      }, PATIENCE_MS);
      timer.unref();
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function unanswered(): Error {
  return new Error('cannot be read: its file system does not answer');
}
