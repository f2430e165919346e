import { SafeLogger } from '../../events/safe-logger.js';
import type { Redis } from 'ioredis';
import type { TrackedSessions } from '../tracked-sessions.js';
import { isCluster, type RedisConnection } from './connection.js';
import type { RedisKeys } from './keys.js';
import { RedisNodeFeed } from './node-feed.js';
import { RedisPlace } from './place.js';

interface FedNode {
  readonly feed: RedisNodeFeed;
  /** Until when (of `performance.now()`) all changes on this node were told; undefined while it is not connected. */
  aliveAt: number | undefined;
}

/**
 * The feed of {@link TrackedSessions} from Redis: from its server, or from all nodes of a Cluster, replicas too, since
 * any may become a primary. It is connected as long as every node's is.
 */
export class RedisFeed {
  readonly #connection: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #sessions: TrackedSessions;
  readonly #isUsable: () => boolean;
  readonly #nodes = new Map<Redis, FedNode>();
  /** Where databases can be swapped: until when it was the same one. */
  #place: RedisPlace | undefined;
  #sameAt = -Infinity;
  #isConnected = false;
  #hasWarned = false;

  /** @param isUsable whether the connection leads where it should */
  constructor(
    connection: RedisConnection,
    keys: RedisKeys,
    sessions: TrackedSessions,
    isUsable: () => boolean,
  ) {
    this.#isUsable = isUsable;
    this.#connection = connection;
    this.#keys = keys;
    this.#sessions = sessions;
  }

  /** To be called before the connection is opened. */
  start(): void {
    const connection = this.#connection;
    if (isCluster(connection)) {
      connection.on('+node', (node: Redis) => this.#add(node));
      connection.on('-node', (node: Redis) => this.#remove(node));
    } else {
      this.#place = new RedisPlace(
        this.#keys.place,
        {
          // A call would open a connection that is not wanted yet.
          isThere: () => connection.status === 'ready' && this.#isUsable(),
          read: (key) => connection.get(key),
          mark: (key, value) => connection.set(key, value, 'NX'),
        },
        {
          same: (at) => this.#isSame(at),
          other: (at) => {
            this.#sessions.changed(undefined);
            this.#isSame(at);
          },
        },
      );
      connection.on('ready', () => void this.#place?.look());
      this.#place.start();
      this.#add(connection);
      // The connection may lead to another server from now on, as after a failover: so must the feed.
      connection.on('close', () => this.#nodes.get(connection)?.feed.restart());
    }
  }

  stop(): void {
    this.#place?.stop();
    for (const { feed } of this.#nodes.values()) feed.stop();
    this.#nodes.clear();
  }

  #add(node: Redis): void {
    const fed: FedNode = {
      aliveAt: undefined,
      feed: new RedisNodeFeed(node, this.#keys.sessionPrefix, {
        changed: (keys) => this.#changed(keys),
        connected: (at) => this.#heard(fed, at),
        alive: (at) => this.#heard(fed, at),
        lost: () => {
          fed.aliveAt = undefined;
          this.#update();
        },
        refused: (reason) => this.#refused(reason),
      }),
    };
    this.#nodes.set(node, fed);
    this.#update();
  }

  #remove(node: Redis): void {
    const fed = this.#nodes.get(node);
    this.#nodes.delete(node);
    fed?.feed.stop();
    this.#update();
    // A node that is gone may still be one for others; its changes are not told, and the rest seems complete without.
    this.#sessions.changed(undefined);
  }

  #heard(fed: FedNode, at: number): void {
    fed.aliveAt = at;
    this.#update();
  }

  #isSame(at: number): void {
    this.#sameAt = at;
    this.#update();
  }

  #update(): void {
    const times = Array.from(this.#nodes.values(), ({ aliveAt }) => aliveAt);
    const isConnected = times.length > 0 && !times.includes(undefined);
    const aliveAt = Math.min(
      ...times.map((time) => time ?? -Infinity),
      this.#place === undefined ? Infinity : this.#sameAt,
    );
    if (isConnected && this.#isConnected) this.#sessions.alive(aliveAt);
    else if (isConnected) this.#sessions.connected(aliveAt);
    else if (this.#isConnected) this.#sessions.lost();
    this.#isConnected = isConnected;
  }

  #changed(keys: readonly string[] | undefined): void {
    if (keys === undefined) return this.#sessions.changed(undefined);
    for (const key of keys) {
      const changed = this.#keys.parse(key);
      if (changed) this.#sessions.changed(changed);
    }
  }

  #refused(reason: string): void {
    // Nobody tells of changes, so those who watch have to look now and then.
    this.#sessions.lost();
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    new SafeLogger().warn(
      `Redis refuses CLIENT TRACKING (${reason}): each request reads from Redis, which is right but slower. ` +
        'Allow the commands "client|tracking" and "subscribe", and the channel "__redis__:invalidate".',
    );
  }
}
