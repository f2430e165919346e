import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A forked script that is asked questions: it answers `{ id }` with `{ id, result }` or `{ id, error }`. */
export class Child {
  #process;
  #lastId = 0;
  #waiting = new Map();

  /** @param core the one core that it may use (Linux); undefined: any */
  constructor(script, { args = [], execArgv = [], env = {}, core } = {}) {
    const pinned = ['-c', String(core), process.execPath, ...execArgv];
    this.#process = fork(new URL(script, import.meta.url), args, {
      ...(core === undefined ? { execArgv } : { execPath: 'taskset', execArgv: pinned }),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', ({ id, result, error }) => {
      const { resolve, reject } = this.#waiting.get(id) ?? {};
      this.#waiting.delete(id);
      if (error === undefined) resolve?.(result);
      else reject?.(new Error(error));
    });
    this.#process.on('exit', (code) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${script} ended with status ${code}`));
      this.#waiting.clear();
    });
  }

  ask(message) {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, ...message });
    });
  }

  async close() {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.send({ type: 'close' }, () => undefined);
    await ended;
  }
}
