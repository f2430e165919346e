import {
  bulkhead,
  BulkheadRejectedError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  BrokenCircuitError,
  ExponentialBackoff,
  handleWhen,
  retry,
  TaskCancelledError,
} from 'cockatiel';
import { StoreUnavailableError } from '../errors.js';
import { StoreFaultLog } from './store-fault-log.js';
import { TimeLimit } from './time-limit.js';

/** Options of {@link BackendPolicy}. */
export interface BackendPolicyOptions {
  /** Time limit of one operation in seconds, waiting and retries included. */
  readonly timeout: number;
  /** What is called, as it begins a sentence. Default: `The token store`. */
  readonly subject?: string;
}

const FAILURES_UNTIL_OPEN = 5;
const PROBE_EVERY_MS = 1000;
const CALLS_IN_FLIGHT = 100;
const CALLS_WAITING = 1000;
const RETRIES = 2;
const FIRST_RETRY_AFTER_MS = 30;

const UNKNOWN_AUTHORITY =
  'Node.js does not know the authority of its certificate; ' +
  'start Node.js with NODE_EXTRA_CA_CERTS naming a PEM file with the certificate of that authority';
/** Why TLS may refuse a server, by the codes of Node.js. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  // mysql2 puts this in place of all of them.
  HANDSHAKE_SSL_ERROR: `TLS failed; perhaps ${UNKNOWN_AUTHORITY}`,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name than the one in its URL',
};

/** A call to the backend. It rejects when the backend failed; once its time has passed, nobody waits for it any more. */
export type BackendCall<T> = (limit: TimeLimit) => Promise<T>;

/**
 * How a store calls a backend across a network: within a time limit, at most 100 calls at once, and not at all for
 * a while after 5 failures in a row (then one probe a second, the other calls failing at once). Reads and writes fail
 * apart: a backend that only refuses to write is still read. Whatever goes wrong becomes a `StoreUnavailableError`.
 */
export class BackendPolicy {
  readonly #limit: number;
  readonly #retry = retry(handleWhen(isWorthRetrying), {
    maxAttempts: RETRIES,
    backoff: new ExponentialBackoff({ initialDelay: FIRST_RETRY_AFTER_MS }),
  }).dangerouslyUnref();
  readonly #reads = new Direction();
  readonly #writes = new Direction();
  readonly #log: StoreFaultLog;
  readonly #subject: string;
  readonly #bulkhead = bulkhead(CALLS_IN_FLIGHT, CALLS_WAITING);

  constructor(options: BackendPolicyOptions) {
    this.#limit = options.timeout * 1000;
    this.#subject = options.subject ?? 'The token store';
    this.#log = new StoreFaultLog(this.#subject);
  }

  /**
   * A call that may be sent again: it is retried, with back-off, while time is left.
   * @param until when the operation has to end that this is one call of, in milliseconds of `performance.now()`
   */
  async read<T>(call: BackendCall<T>, until?: number): Promise<T> {
    try {
      return await this.#inTime((limit) => {
        const attempt = () => this.#attempt(this.#reads, call, limit);
        return attempt().catch((error: unknown) => this.#retryAfter(error, attempt, limit));
      }, until);
    } catch (error) {
      throw this.#unavailable(this.#reads, error);
    }
  }

  /**
   * A call that must not be sent twice.
   * @param until as for {@link read}
   */
  async write<T>(call: BackendCall<T>, until?: number): Promise<T> {
    try {
      return await this.#inTime((limit) => this.#attempt(this.#writes, call, limit), until);
    } catch (error) {
      throw this.#unavailable(this.#writes, error);
    }
  }

  async #inTime<T>(work: (limit: TimeLimit) => Promise<T>, until?: number): Promise<T> {
    const limit = new TimeLimit(this.#limit, until);
    try {
      return await limit.race(work(limit));
    } finally {
      limit.end();
    }
  }

  /** Goes on after a first attempt, which failed so; one that does not fail needs no layer that retries. */
  #retryAfter<T>(failure: unknown, attempt: () => Promise<T>, limit: TimeLimit): Promise<T> {
    return this.#retry.execute((context) => {
      if (context.attempt === 0) throw failure;
      // What waited for its next try for too long is no failure of the backend's.
      limit.throwIfPassed();
      return attempt();
    });
  }

  #unavailable(direction: Direction, error: unknown): StoreUnavailableError {
    const isLeftAlone = error instanceof BrokenCircuitError;
    if (!isLeftAlone) this.#log.tell((direction.lastReason = reasonOf(error)));
    if (error instanceof StoreUnavailableError) return error;
    const reason = isLeftAlone
      ? `it failed several times in a row (${direction.lastReason}) and is left alone for a moment`
      : direction.lastReason;
    return new StoreUnavailableError(`${this.#subject} is not available: ${reason}. Try again later.`);
  }

  #attempt<T>(direction: Direction, call: BackendCall<T>, limit: TimeLimit): Promise<T> {
    const { breaker } = direction;
    const isProbe = breaker.state !== CircuitState.Closed;
    const work = async (): Promise<T> => {
      const { isFair } = limit;
      try {
        // It may have waited for others.
        limit.throwIfPassed();
        // A backend that does not look at the limit must count as failed all the same.
        return await limit.race(call(limit));
      } catch (error) {
        // Of a probe that failed and was retried, the caller hears only that the backend is left alone.
        direction.lastReason = reasonOf(error);
        const isOwnDelay = error instanceof TaskCancelledError && !isFair && !isProbe;
        throw isOwnDelay ? new OwnDelayError() : error;
      }
    };
    // The breaker would let others wait for the probe's outcome; they are to fail at once.
    if (breaker.state === CircuitState.HalfOpen) return Promise.reject(new BrokenCircuitError());
    return breaker.execute(() => this.#bulkhead.execute(work));
  }
}

/** The time was over, but most of it had gone by in this process, waiting for others. */
class OwnDelayError extends TaskCancelledError {}

/** Reads or writes: how they have fared. */
class Direction {
  readonly breaker = circuitBreaker(
    // To wait too long is our own doing, and a backend that refuses one call is in order.
    handleWhen(
      (error) =>
        !(error instanceof BulkheadRejectedError || error instanceof OwnDelayError || isRefusal(error)),
    ),
    { halfOpenAfter: PROBE_EVERY_MS, breaker: new ConsecutiveBreaker(FAILURES_UNTIL_OPEN) },
  );
  /** Why it failed the last time. */
  lastReason = 'it failed';
}

function isRefusal(error: Error): boolean {
  return error instanceof StoreUnavailableError && error.answered;
}

function isWorthRetrying(error: Error): boolean {
  return !(
    isRefusal(error) ||
    error instanceof BrokenCircuitError ||
    error instanceof BulkheadRejectedError ||
    error instanceof TaskCancelledError
  );
}

/** Drivers' errors may carry what was sent or received, so only their name and code go on. */
function reasonOf(error: unknown): string {
  if (error instanceof StoreUnavailableError) {
    return error.message.replace(/^The .+? is not available: |\.(?: Try again later\.)?$/g, '');
  }
  if (error instanceof TaskCancelledError) return 'it did not answer within the time limit';
  if (error instanceof BulkheadRejectedError) return 'too many calls are waiting for it';
  return nameOf(error);
}

function nameOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') {
    return Object.hasOwn(CERTIFICATE_FAULTS, code) ? `${CERTIFICATE_FAULTS[code]} (${code})` : code;
  }
  return typeof name === 'string' ? name : 'it failed';
}
