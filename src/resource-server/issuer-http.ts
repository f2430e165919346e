import type { Agent, Dispatcher } from 'undici';
import { parseStrictObject, type JsonObject } from '../json.js';

/** Longer answers are not read to their end. The sets of large issuers, with their certificates, have some 20 KiB. */
const MAX_ANSWER_BYTES = 128 * 1024;
const MAX_CONNECTIONS = 32;

/** An answer with status 200 that is a JSON object. */
export interface IssuerAnswer {
  readonly document: JsonObject;
  /** Seconds for which it may be kept (`Cache-Control: max-age`), where it says so. */
  readonly maxAge: number | undefined;
}

/** Why an issuer could not be asked: for operators, without anything that was sent or received. */
export class IssuerFault extends Error {
  constructor(
    reason: string,
    /** Of the answer, if there was one. */
    readonly status?: number,
  ) {
    super(reason);
    this.name = 'IssuerFault';
  }
}

/** Calls an issuer within a time limit, over kept-alive connections. Follows no redirects, and reads no long answers. */
export class IssuerHttp {
  readonly #milliseconds: number;
  #agent: Promise<Agent> | undefined;
  #isClosed = false;

  /** @param timeout seconds that a call may take, the answer's last byte included */
  constructor(timeout: number) {
    this.#milliseconds = timeout * 1000;
  }

  /** @throws IssuerFault */
  get(url: string, headers: Record<string, string> = {}): Promise<IssuerAnswer> {
    return this.#call(url, { method: 'GET', headers });
  }

  /** @throws IssuerFault */
  post(url: string, form: URLSearchParams, headers: Record<string, string>): Promise<IssuerAnswer> {
    return this.#call(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: form.toString(),
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#agent)?.destroy();
  }

  async #call(url: string, options: CallOptions): Promise<IssuerAnswer> {
    if (this.#isClosed) throw new IssuerFault('the application is shutting down');
    const { agent, request } = await this.#load();
    const signal = AbortSignal.timeout(this.#milliseconds);
    try {
      const { statusCode, headers, body } = await request(url, {
        ...options,
        headers: { accept: 'application/json', ...options.headers },
        dispatcher: agent,
        signal,
      });
      if (statusCode !== 200) {
        body.on('error', () => undefined).destroy();
        const isElsewhere = statusCode >= 300 && statusCode < 400;
        throw new IssuerFault(
          `${placeOf(url)} answered with status ${statusCode}${isElsewhere ? '; redirects are not followed' : ''}`,
          statusCode,
        );
      }
      const document = parseStrictObject(await readLimited(url, body));
      if (!document) throw new IssuerFault(`${placeOf(url)} answered with something else than a JSON object`);
      return { document, maxAge: maxAgeOf(headers['cache-control']) };
    } catch (error) {
      if (error instanceof IssuerFault) throw error;
      throw new IssuerFault(
        signal.aborted
          ? `${placeOf(url)} did not answer within the time limit`
          : `${placeOf(url)}: ${codeOf(error)}`,
      );
    }
  }

  async #load() {
    // Loaded here, so that applications that issue their own tokens do not wait for it when they start.
    const { Agent: NewAgent, request } = await import('undici');
    const timeout = this.#milliseconds;
    this.#agent ??= Promise.resolve(
      new NewAgent({
        connections: MAX_CONNECTIONS,
        connect: { timeout },
        headersTimeout: timeout,
        bodyTimeout: timeout,
      }),
    );
    return { agent: await this.#agent, request };
  }
}

interface CallOptions {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string;
}

async function readLimited(url: string, body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    // Leaving the loop closes the connection, so that the rest is never received.
    if (bytes > MAX_ANSWER_BYTES)
      throw new IssuerFault(`${placeOf(url)} answered with more than ${MAX_ANSWER_BYTES / 1024} KiB`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** Without a query, which may hold what nobody should read. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** The texts of undici's errors may hold what was sent. */
function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'the call failed';
}

function maxAgeOf(cacheControl: string | string[] | undefined): number | undefined {
  const text = Array.isArray(cacheControl) ? cacheControl.join(',') : (cacheControl ?? '');
  const seconds = /(?:^|,)\s*max-age=(\d{1,9})\s*(?:,|$)/i.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
