import { StoreUnavailableError } from '../errors.js';
import type { RedisConnection } from './redis.connection.js';
import { LATE } from './redis.scripts.js';
import { StoreFaultLog } from './store-fault-log.js';

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
  #lastOfConnection: Error | undefined;

  /** @param connection not opened yet */
  constructor(connection: RedisConnection) {
    connection.on('error', (error: Error & { lastNodeError?: Error | null }) => {
      this.#lastOfConnection = error.lastNodeError ?? error;
    });
    connection.on('ready', () => (this.#lastOfConnection = undefined));
  }

  /**
   * What the call gives. It rejects with what a {@link BackendPolicy} can tell of; what Redis refuses, though it is in
   * order, is no reason to try again or to leave it alone, and is given.
   */
  async explain<T>(call: Promise<T>): Promise<T | Refusal> {
    try {
      return await call;
    } catch (error) {
      if (isLate(error))
        throw new StoreUnavailableError('The token store is not available: it came too late.');
      if (isReply(error)) {
        if (PASSING.has(firstWord(error))) throw answeredWith(error);
        this.#log.tell(`Redis answered ${firstWord(error)}`);
        return new Refusal(error);
      }
      throw reasonOf(this.#lastOfConnection ?? error);
    }
  }
}

/** An error that names its reason, which ioredis' own ones do in their text only. */
function reasonOf(error: unknown): unknown {
  if (isReply(error)) return answeredWith(error);
  const { name, code } = error as NodeJS.ErrnoException;
  if (name !== 'Error' || code !== undefined) return error;
  return new StoreUnavailableError(
    'The token store is not available: no connection to Redis. Try again later.',
  );
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
