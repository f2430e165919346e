import { Logger } from '@nestjs/common';
import { BackendClock } from '../backend-clock.js';
import type { TimeLimit } from '../time-limit.js';
import { isCluster, type RedisConnection } from './connection.js';
import { isForbidden, isLate } from './faults.js';

/**
 * Gives scripts that write a deadline by the clock of the server that runs them. A single server's clock is asked now
 * and then. The nodes of a Cluster have one each, so each write asks the one that has its keys.
 */
export class RedisClocks {
  readonly #connection: RedisConnection;
  readonly #clock: BackendClock | undefined;
  /** A key on the server that was written to last; there is one server. */
  #key = '';
  #hasWarned = false;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    if (isCluster(connection)) return;
    const clock = (this.#clock = new BackendClock(() => this.#ask(this.#key)));
    // The next connection may lead to another server.
    connection.on('close', () => clock.forget());
  }

  /**
   * Sends a script that is to take effect within its time, or not at all.
   * @param key on the server that runs it
   * @param send takes the deadline by that server's clock
   */
  async inTime<T>(key: string, limit: TimeLimit, send: (until: number) => Promise<T>): Promise<T> {
    this.#key = key;
    const clock = this.#clock ?? new BackendClock(() => this.#ask(key));
    return clock.inTime(limit, send, isLate);
  }

  async #ask(key: string): Promise<number> {
    try {
      const [seconds, microseconds] = (await this.#connection.fastauthClockBuffer(key)) as [Buffer, Buffer];
      return Number(seconds) * 1000 + Number(microseconds) / 1000;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#warnOnce();
      return Number.MAX_SAFE_INTEGER;
    }
  }

  #warnOnce(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    new Logger('Fastauth').warn(
      'Redis refuses the command TIME: a write that waited in Redis may take effect after its caller was answered 503. ' +
        'Allow the command "time".',
    );
  }
}
