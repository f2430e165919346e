import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';

/** What a {@link PostgresFeed} tells. Times are those of `performance.now()`. */
export interface FeedListener {
  /** From now on every notification is heard; it was so at `at`. */
  connected(at: number): void;
  /** Every change that was committed before `at` has been told. */
  alive(at: number): void;
  /** Notifications may be missed until it is connected again. */
  lost(): void;
  notified(payload: string): void;
}

const BEAT_EVERY_MS = 500;
const LONGEST_PAUSE_MS = 500;

/**
 * Hears what is notified on a channel, over a connection of its own (LISTEN). Every half second it notifies itself:
 * PostgreSQL delivers in the order of commits, so once it has heard itself, it has heard all before. That also finds
 * out connections over which nothing can be heard, such as those of a pooler that lends them by transaction.
 */
export class PostgresFeed {
  readonly #url: string;
  readonly #channel: string;
  readonly #limit: number;
  readonly #listener: FeedListener;
  readonly #stop = new AbortController();
  #ended: Promise<void> | undefined;

  /** @param limit how long connecting, and hearing itself, may take, in milliseconds */
  constructor(url: string, channel: string, limit: number, listener: FeedListener) {
    this.#url = url;
    this.#channel = channel;
    this.#limit = limit;
    this.#listener = listener;
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // What the URL names may be out of reach, too, such as the file of an authority.
      await this.#listen().catch(() => undefined);
      // A random pause, since all processes lose a server that restarts at once.
      await sleep(Math.random() * LONGEST_PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Connects, and listens until the connection, or the feed, has ended. */
  async #listen(): Promise<void> {
    const pg = await import('pg');
    const socket = new Socket();
    const connection = new AbortController();
    const client = new pg.Client({
      connectionString: this.#url,
      stream: () => socket,
      application_name: 'fastauth feed',
      keepAlive: true,
      connectionTimeoutMillis: this.#limit,
      query_timeout: this.#limit,
    });
    client.on('error', () => connection.abort()).on('end', () => connection.abort());
    socket.on('close', () => connection.abort());
    const signal = AbortSignal.any([this.#stop.signal, connection.signal]);
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    let isConnected = false;
    try {
      await client.connect();
      const beat = new Beat(
        client,
        `${this.#channel}_${randomBytes(8).toString('hex')}`,
        this.#limit,
        signal,
      );
      client.on('notification', ({ channel, payload = '' }) => {
        if (channel === this.#channel) this.#listener.notified(payload);
        else beat.heard(payload);
      });
      await client.query(`listen ${this.#channel}; listen ${beat.channel}`);
      for (;;) {
        const at = await beat.round();
        if (isConnected) this.#listener.alive(at);
        else this.#listener.connected(at);
        isConnected = true;
        await sleep(BEAT_EVERY_MS, undefined, { signal, ref: false });
      }
    } catch {
      // Whatever it was, the connection is given up and another one tried.
    }
    if (isConnected) this.#listener.lost();
    socket.destroy();
  }
}

/** Notifications to oneself, and the wait for them. */
class Beat {
  #count = 0;
  #hear: (payload: string) => void = () => undefined;

  constructor(
    private readonly client: Client,
    readonly channel: string,
    private readonly limit: number,
    private readonly signal: AbortSignal,
  ) {}

  heard(payload: string): void {
    this.#hear(payload);
  }

  /** @returns when it was sent, once it has come back */
  async round(): Promise<number> {
    const at = performance.now();
    const sent = String(++this.#count);
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(this.limit)]);
    const heard = new Promise<void>((resolve, reject) => {
      this.#hear = (payload) => payload === sent && resolve();
      signal.addEventListener('abort', () => reject(new Error('The beat did not come back')), { once: true });
    });
    await Promise.all([heard, this.client.query('select pg_notify($1, $2)', [this.channel, sent])]);
    return at;
  }
}
