/** Where Redis is: one of the two. */
export type RedisSource =
  | {
      /** `redis://` or, with TLS, `rediss://`; needs the package `ioredis`. */
      readonly url: string;
    }
  | {
      /**
       * An `ioredis` client, also of a Cluster or with Sentinels. Its settings are taken; the store makes connections
       * of its own from them, with time limits of its own, and never closes this one.
       */
      readonly client: RedisClientLike;
    };

/** What is asked of a client that is handed in; the classes `Redis` and `Cluster` of ioredis have it. */
export interface RedisClientLike {
  readonly options: object;
  duplicate(...args: never[]): unknown;
}
