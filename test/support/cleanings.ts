import { jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { sessionSample } from 'nestjs-fastauth/store-contract';
import type { Clock } from '../../src/clock.js';
import { SessionSweeper } from '../../src/sessions/session-sweeper.js';
import type { TokenStore } from '../../src/sessions/token-store.js';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { redisAppName } from './redis-apps.js';
import { serviceUrl } from './services.js';
import type { OwnDatabase } from './sql-databases.js';
import { Stopwatch } from './stopwatch.js';

/** A store with many sessions that have ended, and what makes them leave. */
export interface Cleaning {
  readonly store: TokenStore;
  fill(count: number): Promise<void>;
  /** Lets them leave, until what it answers is called. */
  begin(clock: Clock): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** The longest ticks of the event loop while a batch was under way, with nothing else to do, in milliseconds by a stopwatch. */
export type Ticks = number[];

const LONG_AGO = Date.UTC(2029, 0, 1) / 1000;
/** Fewer than a store lets wait. */
const FILLED_AT_ONCE = 500;
/** More than leave while one block of requests is sent. */
const ENOUGH = 40_000;

/** By the application's own timer, as the memory, the embedded and the SQL stores are. */
export class SweptCleaning implements Cleaning {
  readonly ticks: Ticks = [];
  /** How many sessions each batch was to drop at most. */
  readonly limits = new Set<number>();
  protected filled = 0;
  #left = 0;

  constructor(readonly store: TokenStore) {
    const sweep = store.sweep.bind(store);
    jest.spyOn(store, 'sweep').mockImplementation(async (now, limit) => {
      this.limits.add(limit);
      const swept = await sweep(now, limit);
      this.#left += swept;
      return swept;
    });
  }

  async fill(count: number): Promise<void> {
    const { record, pair } = sessionSample({ createdAt: LONG_AGO });
    for (let filled = 0; filled < count; filled += FILLED_AT_ONCE) {
      await Promise.all(
        Array.from({ length: FILLED_AT_ONCE }, (_, n) =>
          this.store.insert({ ...record, clientId: `gone-${this.filled + filled + n}` }, pair, Infinity),
        ),
      );
    }
    this.filled += count;
  }

  async begin(clock: Clock): Promise<() => Promise<void>> {
    const sweeper = new SessionSweeper(this.store, clock, { clockTolerance: 5 });
    const before = this.#left;
    // The slower the machine, the more leave in a block.
    if (this.filled - before < ENOUGH) await this.fill(ENOUGH);
    await sweeper.sweep();
    return async () => {
      sweeper.onModuleDestroy();
      if (this.#left === before) throw new Error('Nothing was left to leave');
    };
  }

  /** Lets the others leave, too, and answers how many are still there. */
  async finish(clock: Clock): Promise<number> {
    const now = Math.floor(clock.now() / 1000);
    const [limit = 0] = this.limits;
    for (let last = limit; last === limit;) {
      const sweeping = this.store.sweep(now, limit);
      const sweep = { isUnderWay: true };
      void sweeping.finally(() => (sweep.isUnderWay = false));
      let [longest, since] = [0, new Stopwatch()];
      while (sweep.isUnderWay) {
        await new Promise(setImmediate);
        longest = Math.max(longest, since.ms);
        since = new Stopwatch();
      }
      this.ticks.push(longest);
      last = await sweeping;
    }
    return this.filled - this.#left;
  }

  async close(): Promise<void> {}
}

const COLUMNS =
  'generation, access_hash, access_expires_at, refresh_hash, refresh_expires_at, created_at, expires_at';

export class SqlCleaning extends SweptCleaning {
  private constructor(
    private readonly database: OwnDatabase,
    store: SqlTokenStore,
  ) {
    super(store);
  }

  static async open(database: OwnDatabase): Promise<SqlCleaning> {
    const store = new SqlTokenStore({ url: database.url, timeout: 5 });
    await store.migrate();
    await store.open();
    return new SqlCleaning(database, store);
  }

  /** One through the store, and the others after its likeness. */
  override async fill(count: number): Promise<void> {
    const likeness = `gone-${this.filled}`;
    const { record, pair } = sessionSample({ clientId: likeness, createdAt: LONG_AGO });
    await this.store.insert(record, pair, Infinity);
    const isPostgres = this.database.url.startsWith('postgres');
    const text = (expression: string): string =>
      isPostgres ? `convert_to(${expression}, 'UTF8')` : `binary ${expression}`;
    const numbers = isPostgres ? `generate_series(2, ${count}) n` : `seq_2_to_${count}`;
    const another = isPostgres ? `'${likeness}-' || n` : `concat('${likeness}-', seq)`;
    await this.database.query(
      `insert into fastauth_sessions (app, client_id, family_id, ${COLUMNS})
       select app, ${text(another)}, family_id, ${COLUMNS} from fastauth_sessions, ${numbers}
       where client_id = ${text(`'${likeness}'`)}`,
    );
    // What the server does by itself within a minute: until it knows that there are many, it reads them all.
    await this.database.query(`analyze ${isPostgres ? '' : 'table'} fastauth_sessions`);
    this.filled += count;
  }

  override async close(): Promise<void> {
    await this.database.drop();
  }
}

/** As fast as some thousand a second were issued, and not all in one instant. */
const PART = 1000;
const PART_MS = 160;
/** What is written is told of, too: time for that to have been heard. */
const UNTIL_THEY_END_MS = 100;

/** Copies KEYS so many times, to end from a time on, one after the other; or, with the time 0, to stay. */
const LIKENESSES = `
local name, count, from, milliseconds = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for _, key in ipairs(KEYS) do
  local dump = redis.call('DUMP', key)
  for n = 1, count do
    local copy = string.gsub(key, '{gone}', '{' .. name .. '-' .. n .. '}')
    local endsAt = from == 0 and 0 or math.floor(from + milliseconds * n / count)
    redis.call('RESTORE', copy, string.format('%d', endsAt), dump, 'ABSTTL')
  end
end
`;

/** By Redis itself. Most stay; in each block of requests some end. */
export class RedisCleaning implements Cleaning {
  readonly store: RedisTokenStore;
  readonly #appName = redisAppName(serviceUrl('Redis'));
  readonly #admin = new Redis(serviceUrl('Redis'));
  #keys: readonly string[] = [];
  #parts = 0;

  constructor() {
    this.store = new RedisTokenStore({ url: serviceUrl('Redis'), appName: this.#appName, timeout: 5 });
  }

  /** One through the store, and the others after its likeness. */
  async fill(count: number): Promise<void> {
    const { record, pair } = sessionSample({ clientId: 'gone' });
    await this.store.insert(record, pair, Infinity);
    this.#keys = await this.#admin.keys(`${this.#appName}:*{gone}*`);
    while (this.#parts < count / PART) await this.#write(0);
  }

  async begin(): Promise<() => Promise<void>> {
    const before = await this.#expired();
    await this.#write(Date.now() + UNTIL_THEY_END_MS);
    await sleep(UNTIL_THEY_END_MS);
    return async () => {
      // Redis drops nearly all at once, and the last ones when it comes across them.
      while ((await this.#expired()) < before + PART) await sleep(20);
    };
  }

  async close(): Promise<void> {
    this.#admin.disconnect();
  }

  async #write(endsAt: number): Promise<void> {
    const { length } = this.#keys;
    await this.#admin.eval(LIKENESSES, length, ...this.#keys, this.#parts++, PART, endsAt, PART_MS);
  }

  /** Keys that the server has dropped, ever. */
  async #expired(): Promise<number> {
    return Number(/expired_keys:(\d+)/.exec(await this.#admin.info('stats'))?.[1]);
  }
}
