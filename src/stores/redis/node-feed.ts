import type { Redis } from 'ioredis';
import { redisRetryDelay } from './connection.js';

/** What a {@link RedisNodeFeed} tells. Times are those of `performance.now()`. */
export interface RedisFeedListener {
  /** @param keys what changed; undefined: everything, as after FLUSHALL */
  changed(keys: readonly string[] | undefined): void;
  /** From now on every change is told. @param at since when */
  connected(at: number): void;
  /** Every change before `at` was told. */
  alive(at: number): void;
  lost(): void;
  /** The server does not track. @param reason its answer's first word */
  refused(reason: string): void;
}

/** Where Redis sends invalidations to a connection of RESP2 (Redis, "Client-side caching"). */
const CHANNEL = '__redis__:invalidate';
const PING_EVERY_MS = 1000;
/** How long an answer may take, as to be known before FEED_SILENCE_MS have passed. */
const PING_TIMEOUT_MS = 1000;
const ASK_AGAIN_AFTER_MS = 10_000;

/**
 * Hears of every change to keys with a prefix on one Redis server, whoever made it: broadcasting `CLIENT TRACKING`
 * tells of writes, expiry, eviction and FLUSHALL alike, on a connection of its own. What the server wrote there comes
 * in order, so the answer to a PING proves that all changes before it have come.
 */
export class RedisNodeFeed {
  readonly #connection: Redis;
  readonly #prefix: string;
  readonly #listener: RedisFeedListener;
  #ping: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;

  /** @param node a connection to the server; its settings are taken */
  constructor(node: Redis, prefix: string, listener: RedisFeedListener) {
    this.#prefix = prefix;
    this.#listener = listener;
    this.#connection = node.duplicate({
      // Under RESP3 the client passes over the messages that are wanted here.
      protocol: 2,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      readOnly: false,
      socketTimeout: PING_TIMEOUT_MS,
      connectTimeout: PING_TIMEOUT_MS,
      retryStrategy: redisRetryDelay,
      // The store's own connection listens for failovers, and has this one begin anew.
      failoverDetector: false,
    });
    this.#connection.on('error', () => undefined);
    this.#connection.on('ready', () => void this.#track());
    this.#connection.on('close', () => this.#end());
    this.#connection.on('messageBuffer', (_channel: Buffer, keys: Buffer[] | null) =>
      listener.changed(keys?.map(String)),
    );
    this.#connection.connect().catch(() => undefined);
  }

  /** Begins anew with another connection. */
  restart(): void {
    const { status } = this.#connection;
    if (status === 'ready' || status === 'connect') this.#connection.disconnect(true);
    // It may be on its way to the server that is to be left.
    else if (status === 'connecting') this.#connection.once('connect', () => this.restart());
  }

  stop(): void {
    this.#connection.disconnect();
    this.#end();
  }

  async #track(): Promise<void> {
    const connection = this.#connection;
    try {
      const id = await connection.client('ID');
      await connection.client('TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'PREFIX', this.#prefix);
      const at = performance.now();
      await connection.subscribe(CHANNEL);
      this.#ping = setInterval(() => void this.#askForLife(), PING_EVERY_MS).unref();
      this.#listener.connected(at);
    } catch (error) {
      // Without a connection there is another 'ready' to come.
      if ((error as Error).name !== 'ReplyError') return;
      this.#listener.refused((error as Error).message.split(' ')[0] ?? '');
      this.#again = setTimeout(() => this.restart(), ASK_AGAIN_AFTER_MS).unref();
    }
  }

  async #askForLife(): Promise<void> {
    const at = performance.now();
    try {
      await this.#connection.ping();
      this.#listener.alive(at);
    } catch {
      // The connection is gone, which 'close' tells.
    }
  }

  #end(): void {
    clearInterval(this.#ping);
    clearTimeout(this.#again);
    this.#listener.lost();
  }
}
