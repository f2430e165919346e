import { StoreUnavailableError } from '../../errors.js';

/** Lets one task at a time run for a client, in the order of asking; clients do not wait for each other. */
export class ClientMutex {
  /** Per client, the end of the last task that asked; no entry when nobody is in. */
  readonly #tails = new Map<string, Promise<void>>();

  /** @param patience how long a task may wait for its turn, in seconds */
  constructor(private readonly patience: number) {}

  /** @throws StoreUnavailableError when its turn did not come in time; the task does not run then */
  async run<T>(clientId: string, task: () => Promise<T>): Promise<T> {
    const turn = this.#tails.get(clientId) ?? Promise.resolve();
    let gaveUp = false;
    const result = turn.then(() => (gaveUp ? Promise.reject(tooLate()) : task()));
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(clientId, tail);
    void tail.then(() => {
      if (this.#tails.get(clientId) === tail) this.#tails.delete(clientId);
    });

    const { promise: giveUp, stop } = after(this.patience * 1000);
    void turn.then(stop);
    await Promise.race([turn, giveUp.then(() => (gaveUp = true))]);
    if (gaveUp) {
      result.catch(() => undefined);
      throw tooLate();
    }
    return result;
  }
}

function after(milliseconds: number): { promise: Promise<void>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return { promise, stop: () => clearTimeout(timer) };
}

function tooLate(): StoreUnavailableError {
  return new StoreUnavailableError('Too many calls for one client are waiting for the token store.');
}
