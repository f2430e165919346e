const WIDTH = 30;
const LINE_EVERY_MS = 10_000;

/** How far something has come: a bar that moves on a terminal, otherwise a line now and then. Both on standard error. */
export class ProgressBar {
  #hasBegun = false;
  #shownAt = -Infinity;
  #shown = '';

  /** @param introduction said once, before it moves */
  constructor(
    private readonly what: string,
    private readonly introduction?: string,
  ) {}

  show(done: number, total: number): void {
    if (!this.#hasBegun && this.introduction !== undefined) process.stderr.write(`${this.introduction}\n`);
    this.#hasBegun = true;
    const filled = total === 0 ? WIDTH : Math.floor((done / total) * WIDTH);
    const state = `${done}/${total} ${this.what}`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${state}`);
      this.#shown = state;
      return;
    }
    const now = performance.now();
    if (state === this.#shown || now - this.#shownAt < LINE_EVERY_MS) return;
    this.#shown = state;
    this.#shownAt = now;
    process.stderr.write(`${state}\n`);
  }

  end(): void {
    if (process.stderr.isTTY && this.#shown !== '') process.stderr.write('\n');
  }
}
