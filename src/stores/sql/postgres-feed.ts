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
  /** Over connections that work, nothing is heard, time and again. */
  unheard(): void;
  notified(payload: string): void;
}

const BEAT_EVERY_MS = 500;
const LONGEST_PAUSE_MS = 500;
/** A busy server may be late once or twice; where nothing was heard so often in a row, it will hardly be otherwise soon. */
const UNHEARD_TIMES = 3;
const LONGEST_PAUSE_UNHEARD_MS = 20_000;

/**
 * Hears what is notified on a channel, over a connection of its own (LISTEN). Every half second it is notified from a
 * second connection, as others notify it: PostgreSQL delivers in the order of commits, so once that is heard, all before
 * has been. A pooler that lends connections by transaction delivers to a client only what that client notified itself,
 * so over such connections nothing is ever heard, and nothing counts as told.
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
    let unheard = 0;
    while (!signal.aborted) {
      // What the URL names may be out of reach, too, such as the file of an authority.
      const isUnheard = await this.#listen().catch(() => false);
      unheard = isUnheard ? unheard + 1 : 0;
      const isHopeless = unheard >= UNHEARD_TIMES;
      if (isHopeless) this.#listener.unheard();
      const longest = isHopeless ? LONGEST_PAUSE_UNHEARD_MS : LONGEST_PAUSE_MS;
      // A random pause, since all processes lose a server that restarts at once.
      await sleep(Math.random() * longest, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /**
   * Connects, and listens until a connection, or the feed, has ended.
   * @returns whether nothing was heard though both connections worked
   */
  async #listen(): Promise<boolean> {
    const connection = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, connection.signal]);
    const end = (): void => connection.abort();
    let isListening = false;
    let isConnected = false;
    try {
      const [listener, notifier] = await Promise.all([
        this.#connect('fastauth feed', signal, end),
        this.#connect('fastauth feed beat', signal, end),
      ]);
      const beat = new Beat(
        notifier,
        `${this.#channel}_${randomBytes(8).toString('hex')}`,
        this.#limit,
        signal,
      );
      listener.on('notification', ({ channel, payload = '' }) => {
        if (channel === this.#channel) this.#listener.notified(payload);
        else beat.heard(payload);
      });
      await listener.query(`listen ${this.#channel}; listen ${beat.channel}`);
      isListening = true;
      for (;;) {
        const at = await beat.round();
        if (isConnected) this.#listener.alive(at);
        else this.#listener.connected(at);
        isConnected = true;
        await sleep(BEAT_EVERY_MS, undefined, { signal, ref: false });
      }
    } catch {
      // Whatever it was, the connections are given up and others tried.
    }
    const isUnheard = isListening && !isConnected && !signal.aborted;
    if (isConnected) this.#listener.lost();
    end();
    return isUnheard;
  }

  /**
   * @param signal ends the connection
   * @param ended called when it has ended by itself
   */
  async #connect(name: string, signal: AbortSignal, ended: () => void): Promise<Client> {
    const pg = await import('pg');
    // The store may have been closed meanwhile, which nobody would be told any more.
    signal.throwIfAborted();
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: this.#url,
      stream: () => socket,
      application_name: name,
      keepAlive: true,
      connectionTimeoutMillis: this.#limit,
      query_timeout: this.#limit,
    });
    client.on('error', ended).on('end', ended);
    socket.on('close', ended);
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    await client.connect();
    return client;
  }
}

/** Notifications to the feed by another connection, and the wait for them. */
class Beat {
  #count = 0;
  #hear: (payload: string) => void = () => undefined;

  constructor(
    private readonly notifier: Client,
    readonly channel: string,
    private readonly limit: number,
    private readonly signal: AbortSignal,
  ) {}

  heard(payload: string): void {
    this.#hear(payload);
  }

  /** @returns when it was sent, once it has been heard */
  async round(): Promise<number> {
    const at = performance.now();
    const sent = String(++this.#count);
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(this.limit)]);
    const heard = new Promise<void>((resolve, reject) => {
      this.#hear = (payload) => payload === sent && resolve();
      signal.addEventListener('abort', () => reject(new Error('The beat was not heard')), { once: true });
    });
    await Promise.all([heard, this.notifier.query('select pg_notify($1, $2)', [this.channel, sent])]);
    return at;
  }
}
