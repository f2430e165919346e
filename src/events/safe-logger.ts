import { Logger } from '@nestjs/common';

/**
 * Nest's logger for the callbacks of sockets, timers and feeds, where nobody catches what is thrown and an exception
 * would end the process: what the application's own logger throws is dropped.
 */
export class SafeLogger {
  readonly #logger: Logger;

  constructor(context = 'Fastauth') {
    this.#logger = new Logger(context);
  }

  log(message: string): void {
    this.#write('log', message);
  }

  warn(message: string): void {
    this.#write('warn', message);
  }

  error(message: string): void {
    this.#write('error', message);
  }

  /** Tells what failed, and by which kind of error; an error's text may hold what was sent. */
  failure(what: string, error: unknown): void {
    this.#write('error', `${what} failed: ${nameOf(error)}`);
  }

  /** Runs what others may have replaced or listen to; what it throws is logged. */
  contain(what: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.failure(what, error);
    }
  }

  #write(level: 'log' | 'warn' | 'error', message: string): void {
    try {
      this.#logger[level](message);
    } catch {
      // There is nobody left to tell.
    }
  }
}

function nameOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.name) : 'unknown error';
  } catch {
    return 'unknown error';
  }
}
