import type { Dispatcher } from 'undici';
import type { TimeLimit } from '../time-limit.js';

const MAX_ANSWER_BYTES = 64 * 1024;

/** What the persistence API answered. */
export interface RestAnswer {
  readonly status: number;
  /** undefined when it was longer than the limit of 64 KiB. */
  readonly text: string | undefined;
}

/**
 * Sends a request and reads its answer, without a stream: undici's `request`, which has one, costs a third more at the least.
 * When the time is over, the connection is cut.
 */
export function answerOf(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  limit: TimeLimit,
): Promise<RestAnswer> {
  return new Promise((resolve, reject) => {
    const reader = new AnswerReader(resolve, reject);
    limit.onPassed((error) => reader.cut(error));
    dispatcher.dispatch(request, reader);
  });
}

class AnswerReader implements Dispatcher.DispatchHandler {
  #connection: Dispatcher.DispatchController | undefined;
  #status = 0;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #cutFor: Error | undefined;

  constructor(
    private readonly resolve: (answer: RestAnswer) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  /** The rest of the answer is never received; an answer that has been read stays. */
  cut(reason: Error): void {
    this.#cutFor = reason;
    this.#connection?.abort(reason);
  }

  /** Once more where a connection turned out to be closed. */
  onRequestStart(connection: Dispatcher.DispatchController): void {
    this.#connection = connection;
    this.#chunks = [];
    this.#bytes = 0;
    if (this.#cutFor) connection.abort(this.#cutFor);
  }

  onResponseStart(_connection: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_connection: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) {
      this.#chunks.push(chunk);
      return;
    }
    this.resolve({ status: this.#status, text: undefined });
    this.cut(new Error('The answer is too long.'));
  }

  onResponseEnd(): void {
    // The connection is used for other requests from now on.
    this.#connection = undefined;
    this.resolve({ status: this.#status, text: Buffer.concat(this.#chunks, this.#bytes).toString() });
  }

  onResponseError(_connection: Dispatcher.DispatchController, error: Error): void {
    this.#connection = undefined;
    this.reject(error);
  }
}
