import type { Cluster, Redis } from 'ioredis';
import { StoreUnavailableError } from '../../errors.js';
import { networkFault } from '../network-faults.js';
import { StoreFaultLog } from '../store-fault-log.js';
import { unavailable } from '../unavailable.js';
import { isCluster, isRefusedDatabase } from './connection.js';
import { LATE } from './scripts.js';

/** Answers that will be others in a moment: Redis is as good as not there. */
const PASSING = new Set([
  'LOADING',
  'BUSY',
  'READONLY',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'NOREPLICAS',
]);
/** Answers of a Redis in order, to which repeating may help: memory or disk is full. All others say that it will not. */
const WITHOUT_ROOM = new Set(['OOM', 'MISCONF']);

/** An answer that says that a call was not done, and that the next one need not fail. */
class Refusal {
  readonly #reply: Error;

  constructor(reply: Error) {
    this.#reply = reply;
  }

  get error(): StoreUnavailableError {
    return answeredWith(this.#reply, !WITHOUT_ROOM.has(firstWord(this.#reply)));
  }
}

/** @throws StoreUnavailableError for what was refused */
export function unlessRefused<T>(answer: T | Refusal): T {
  if (answer instanceof Refusal) throw answer.error;
  return answer;
}

/**
 * Says why calls fail. Without a connection they all fail alike; the reason, such as a certificate or a password
 * that is refused, is what the last attempt to connect met.
 */
export class RedisFaults {
  readonly #log = new StoreFaultLog();
  readonly #connection: Redis | Cluster;
  #lastOfConnection: Error | undefined;
  /** ioredis goes on with database 0, and would be ready now: no call may be made over this connection. */
  #isElsewhere = false;

  /** @param connection not opened yet */
  constructor(connection: Redis | Cluster) {
    this.#connection = connection;
    connection.on('error', (error: Error & { lastNodeError?: Error | null }) => {
      // What fails for want of the database says no more.
      if (this.#isElsewhere) return;
      this.#lastOfConnection = error.lastNodeError ?? error;
      this.#isElsewhere = isRefusedDatabase(error);
    });
    connection.on('connecting', () => (this.#isElsewhere = false));
    connection.on('ready', () => {
      if (!this.#isElsewhere) this.#lastOfConnection = undefined;
    });
  }

  /** Whether what is connected, if anything, is the database that was asked for. */
  get isUsable(): boolean {
    return !this.#isElsewhere;
  }

  /** Why the server lets nobody in who is configured so; undefined where it may only be out of reach. */
  get refusal(): string | undefined {
    const error = this.#lastOfConnection;
    if (error === undefined || isCluster(this.#connection)) return undefined;
    const { db = 0, username, password } = this.#connection.options;
    const place = this.place;
    if (isRefusedDatabase(error)) return `${place} has no database ${db}, or does not let this user have it`;
    const word = /\b(?:WRONGPASS|NOAUTH)\b/.exec(error.message)?.[0];
    if (word === 'NOAUTH') return `${place} asks for a password, and there is none (NOAUTH)`;
    if (word === undefined) return undefined;
    // What stands there for a user is likely the password, which nobody should read here.
    if (username && !password)
      return `${place} refuses the login: there is a user, but no password (WRONGPASS). A password without a user is written "redis://:<password>@<host>"`;
    return `${place} refuses the password of the user ${JSON.stringify(username ?? 'default')} (WRONGPASS)`;
  }

  /**
   * What the call gives. It rejects with what a {@link BackendPolicy} can tell of; what Redis refuses, though it is in
   * order, is no reason to try again or to leave it alone, and is given.
   */
  async explain<T>(call: () => Promise<T>): Promise<T | Refusal> {
    try {
      if (this.#isElsewhere) throw this.#lastOfConnection;
      return await call();
    } catch (error) {
      if (isLate(error))
        throw new StoreUnavailableError('The token store is not available: it came too late.');
      if (isReply(error) && !this.#isElsewhere) {
        if (PASSING.has(firstWord(error))) throw answeredWith(error);
        this.#log.tell(`Redis answered ${firstWord(error)}`);
        return new Refusal(error);
      }
      throw this.#reasonOf(this.#lastOfConnection ?? error);
    }
  }

  /** An error that names its reason, which ioredis' own ones do in their text only. */
  #reasonOf(error: unknown): unknown {
    const { refusal } = this;
    if (refusal !== undefined) return unavailable(refusal);
    if (isReply(error)) return answeredWith(error);
    const words = networkFault(error, this.place);
    if (words !== undefined) return unavailable(words);
    const { name, code } = error as NodeJS.ErrnoException;
    return name !== 'Error' || code !== undefined ? error : unavailable('no connection to Redis');
  }

  /** Which server, without user or password. */
  get place(): string {
    if (isCluster(this.#connection)) return 'the Redis Cluster';
    const { host = 'localhost', port = 6379, path, sentinels } = this.#connection.options;
    return sentinels ? 'Redis behind Sentinels' : `Redis at ${path ?? `${host}:${port}`}`;
  }
}

function isReply(error: unknown): error is Error {
  return (error as Error).name === 'ReplyError';
}

function answeredWith(reply: Error, answered = false): StoreUnavailableError {
  return new StoreUnavailableError(`Redis answered ${firstWord(reply)}.`, undefined, { answered });
}

/** Whether a script did nothing since it would have come too late. */
export function isLate(error: unknown): boolean {
  return isReply(error) && firstWord(error) === LATE;
}

/** Whether an access list forbids what was asked; of a script, the text says so. */
export function isForbidden(error: unknown): boolean {
  return isReply(error) && /\bNOPERM\b|\bACL\b|can't run this command/.test(error.message);
}

/** The rest of an answer may show what was sent. */
function firstWord({ message }: Error): string {
  return message.split(' ', 1)[0] ?? '';
}
