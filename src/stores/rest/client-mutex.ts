import { StoreUnavailableError } from '../../errors.js';

/** Lets one task at a time run for a client, in the order of asking; clients do not wait for each other. */
export class ClientMutex {
  /** Per client, the end of the last task that asked; no entry when nobody is in. */
  readonly #tails = new Map<string, Promise<void>>();

  /** @param patience how long a task may wait for its turn, in seconds */
  constructor(private readonly patience: number) {}

  /** @throws StoreUnavailableError when its turn did not come in time; the task does not run then */
  run<T>(clientId: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(clientId) ?? Promise.resolve();
    return new Promise((resolve, reject) => {
      let hasGivenUp = false;
      const giveUp = setTimeout(() => {
        hasGivenUp = true;
        reject(tooLate());
      }, this.patience * 1000);
      const turn = before.then(() => {
        clearTimeout(giveUp);
        if (hasGivenUp) throw tooLate();
        return task();
      });
      const tail = turn.then(resolve, reject);
      this.#tails.set(clientId, tail);
      void tail.then(() => {
        if (this.#tails.get(clientId) === tail) this.#tails.delete(clientId);
      });
    });
  }
}

function tooLate(): StoreUnavailableError {
  return new StoreUnavailableError('Too many calls for one client are waiting for the token store.');
}
