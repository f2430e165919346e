import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Short and plain, so that it can neither forge a log line nor be a token. */
const REQUEST_ID = /^[\w.:/=+-]{1,64}$/;
/** @see W3C Trace Context, section 3.2 */
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;

/** The headers of an answer, as far as they are set. */
export interface AnsweredHeaders {
  getHeader(name: string): unknown;
}

const KEPT = Symbol('fastauth:correlation id');
type Carrier = { [KEPT]?: string };

/**
 * As {@link correlationIdOf}, and the same whenever this request is asked about.
 * @param answer may have an identifier that the application made; it counts where the request brought none
 */
export function correlationIdOfRequest(
  request: { readonly headers: IncomingHttpHeaders },
  answer?: AnsweredHeaders,
): string {
  return keptCorrelationId(request, request.headers, answer);
}

/** As {@link correlationIdOfRequest}, of what is no request. @param carrier what it is kept on */
export function keptCorrelationId(
  carrier: object,
  headers: IncomingHttpHeaders,
  answer?: AnsweredHeaders,
): string {
  return ((carrier as Carrier)[KEPT] ??=
    broughtId(headers) ?? answeredId(answer) ?? correlationIdOf(headers));
}

function answeredId(answer: AnsweredHeaders | undefined): string | undefined {
  const id = answer?.getHeader('x-request-id');
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : undefined;
}

function broughtId({ 'x-request-id': id }: IncomingHttpHeaders): string | undefined {
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : undefined;
}

/** What ties all records of a request together: its `X-Request-Id`, its trace id, or a new UUID. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const brought = broughtId(headers);
  if (brought !== undefined) return brought;
  const { traceparent } = headers;
  const traceId = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  return traceId ?? randomUUID();
}
