import type { Call } from '../../access/call.js';
import { AMBIGUOUS, fieldValue, readCredentials, type Sent } from '../../access/credentials.js';
import type { RawRequest } from '../../access/request-access.js';
import { correlationIdOfRequest } from '../../events/correlation-id.js';

const NAMES: readonly string[] = ['authorization', 'access-token', 'master-token'];

/**
 * A connection of graphql-ws: its credentials come in the headers of its upgrade, or under the same names in the
 * `connectionParams` of its first message.
 */
export function callOfConnection(request: RawRequest, params: unknown): Call {
  return {
    transport: 'websocket',
    carrier: request,
    sent: credentialsOf(request, params),
    from: request,
    line: request,
    correlationId: correlationIdOfRequest(request),
    connection: undefined,
  };
}

function credentialsOf({ rawHeaders }: RawRequest, params: unknown): Sent {
  // As they were sent: Mercurius copies what comes in the first message into the headers.
  const sent: [name: string, value: string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    sent.push([rawHeaders[index] as string, rawHeaders[index + 1] as string]);
  }
  for (const [name, value] of Object.entries(isObject(params) ? params : {})) {
    if (!NAMES.includes(name.toLowerCase()) || value === null || value === undefined) continue;
    // Of another type than text: nobody can tell what it was meant to be.
    if (typeof value !== 'string') return AMBIGUOUS;
    sent.push([name, fieldValue(value)]);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of sent) {
    const key = name.toLowerCase();
    if (!NAMES.includes(key)) continue;
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  return readCredentials({ headers, rawHeaders: sent.flat() });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
