import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Short and plain, so that it can neither forge a log line nor be a token. */
const REQUEST_ID = /^[\w.:/=+-]{1,64}$/;
/** @see W3C Trace Context, section 3.2 */
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;

/** What ties all records of a request together: its `X-Request-Id`, its trace id, or a new UUID. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const requestId = headers['x-request-id'];
  if (typeof requestId === 'string' && REQUEST_ID.test(requestId)) return requestId;
  const { traceparent } = headers;
  const traceId = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  return traceId ?? randomUUID();
}
