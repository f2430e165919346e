import type { Dispatcher, Pool } from 'undici';
import { StoreUnavailableError } from '../../errors.js';
import { LateBackendPolicy } from '../late-backend-policy.js';
import { networkFault } from '../network-faults.js';
import type { TimeLimit } from '../time-limit.js';
import { unavailable } from '../unavailable.js';
import { answerOf, type RestAnswer } from './answer.js';

/** Which persistence API, and how it is called. */
export interface RestClientOptions {
  /** Base URL of the persistence API. A user name and password in it become an `Authorization` header. */
  readonly url: string;
  /** Sent on every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Time limit of one operation in seconds, retries included. */
  readonly timeout: number;
}

/** What the API stores for a client. */
export interface RestTokens {
  readonly access_token: string | null;
  readonly refresh_token: string | null;
}

const MAX_CONNECTIONS = 100;
/**
 * Answers that may be others in a moment: too slow, too many calls, a gateway without the API behind it, no room.
 * All others say that the API will not, 500 included, as in the original.
 */
const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504, 507]);

/** Speaks the REST persistence API of the Python original, over kept-alive connections. Follows no redirects. */
export class RestClient {
  readonly #origin: string;
  #pool: Promise<Pool> | undefined;
  #isClosing = false;
  /** Settles when the pools before have closed. */
  #left: Promise<unknown> = Promise.resolve();
  readonly #policy: LateBackendPolicy;
  readonly #path: string;
  readonly #headers: Record<string, string>;
  readonly #get: Omit<Dispatcher.DispatchOptions, 'path'>;
  readonly #limits: { headersTimeout: number; bodyTimeout: number };

  constructor(options: RestClientOptions) {
    const base = new URL(options.url);
    const milliseconds = options.timeout * 1000;
    this.#origin = base.origin;
    this.#policy = new LateBackendPolicy(options);
    this.#path = `${base.pathname.replace(/\/+$/, '')}/token?client_id=`;
    this.#headers = { accept: 'application/json', ...authorization(base), ...lowerCased(options.headers) };
    this.#limits = { headersTimeout: milliseconds, bodyTimeout: milliseconds };
    this.#get = { method: 'GET', headers: this.#headers, ...this.#limits };
  }

  /** Connections are made when they are needed. */
  async open(): Promise<void> {
    await (this.#pool ??= this.#newPool());
  }

  /** When an operation has to end that begins now, however many calls it takes: in milliseconds of `performance.now()`. */
  endOfOperation(): number {
    return performance.now() + this.#limits.headersTimeout;
  }

  /**
   * The text of the API's answer, or undefined for a client it does not know.
   * @param until as {@link endOfOperation}
   * @throws StoreUnavailableError
   */
  async load(clientId: string, until?: number): Promise<string | undefined> {
    const call = (limit: TimeLimit) => this.#call(clientId, this.#get, limit);
    const { status, text } = await this.#policy.read(call, until);
    if (status === 404) return undefined;
    if (status !== 200) throw answered(status);
    if (text === undefined) {
      throw new StoreUnavailableError('The persistence API answered with more than 64 KiB.', undefined, {
        answered: true,
      });
    }
    return text;
  }

  /**
   * @param until as {@link endOfOperation}
   * @throws StoreUnavailableError unless the API says that it saved
   */
  async save(clientId: string, data: RestTokens, until: number): Promise<void> {
    const headers = { 'content-type': 'application/json', ...this.#headers };
    const body = JSON.stringify({ data });
    const { status } = await this.#policy.write(
      (limit) => this.#call(clientId, { method: 'POST', headers, body, ...this.#limits }, limit),
      until,
    );
    if (status !== 200) throw answered(status);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const pool = await this.#pool;
    // Kept, so that a call that comes later fails and opens no other.
    if (pool?.closed === false) await pool.close();
    await this.#left;
  }

  async #newPool(): Promise<Pool> {
    // Loaded here, so that apps on other stores do not wait for it when they start.
    const { Pool } = await import('undici');
    const timeout = this.#limits.headersTimeout;
    return new Pool(this.#origin, { connections: MAX_CONNECTIONS, connect: { timeout } });
  }

  /** Rejects for what says that the API as a whole is in trouble, which is what the breaker counts. */
  async #call(
    clientId: string,
    request: Omit<Dispatcher.DispatchOptions, 'path'>,
    limit: TimeLimit,
  ): Promise<RestAnswer> {
    const pool = await (this.#pool ??= this.#newPool());
    const path = this.#path + encodeURIComponent(clientId);
    const { isFair } = limit;
    const answer = await answerOf(pool, { ...request, path }, limit).catch((error: unknown) => {
      if (limit.hasPassed && isFair) this.#leave(pool);
      const reason = networkFault(error, `the persistence API at ${new URL(this.#origin).host}`);
      throw reason === undefined ? error : unavailable(reason);
    });
    if (PASSING.has(answer.status)) throw answered(answer.status);
    return answer;
  }

  /**
   * A connection that gave no answer in time may be one of many that lead nowhere, as after a failover whose old address
   * is silent: other calls get new ones. Calls that are under way go on.
   */
  #leave(pool: Pool): void {
    // Another call may have left it.
    if (this.#isClosing || pool.closed) return;
    this.#pool = this.#newPool();
    this.#left = Promise.all([this.#left, pool.close()]);
  }
}

function answered(status: number): StoreUnavailableError {
  return new StoreUnavailableError(`The persistence API answered with status ${status}.`, undefined, {
    answered: !PASSING.has(status),
  });
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { authorization: `Basic ${credentials.toString('base64')}` };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
