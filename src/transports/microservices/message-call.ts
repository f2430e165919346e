import type { ExecutionContext } from '@nestjs/common';
import type { Call } from '../../access/call.js';
import {
  AMBIGUOUS,
  type Credentials,
  fieldValue,
  readCredentials,
  type Sent,
} from '../../access/credentials.js';
import { keptCorrelationId } from '../../events/correlation-id.js';
import { headersOfMessage, type MessageHeaders } from './message-headers.js';

/** The key of a payload that the master token is under, where payloads carry tokens at all. */
const MASTER_KEY = 'master-token';

/**
 * A message of a microservice. Where its transport has headers, they carry the token; otherwise the payload does under
 * the configured key, and it is taken out, so that no handler sees it.
 */
export function callOfMessage(context: ExecutionContext, tokenKey: string | undefined): Call {
  const rpc = context.switchToRpc();
  const message: unknown = rpc.getContext();
  const sent = headersOfMessage(message);
  const headers = sent?.headers ?? {};
  const carrier = carrierOf(context);
  return {
    transport: 'message',
    carrier,
    sent: sent ? sentInHeaders(sent) : takeFromPayload(rpc.getData(), tokenKey),
    from: { headers: {} },
    line: {},
    correlationId: keptCorrelationId(carrier, headers),
    connection: undefined,
  };
}

/** What ties together what is told of a message. */
export function correlationIdOfMessage(context: ExecutionContext): string {
  const headers = headersOfMessage(context.switchToRpc().getContext())?.headers ?? {};
  return keptCorrelationId(carrierOf(context), headers);
}

function carrierOf(context: ExecutionContext): object {
  const message: unknown = context.switchToRpc().getContext();
  return typeof message === 'object' && message !== null ? message : context;
}

function sentInHeaders(headers: MessageHeaders): Sent {
  return headers.hasOddCredential ? AMBIGUOUS : readCredentials(headers);
}

function takeFromPayload(payload: unknown, tokenKey: string | undefined): Credentials | typeof AMBIGUOUS {
  const none = { masterToken: undefined, accessToken: undefined };
  if (tokenKey === undefined || typeof payload !== 'object' || payload === null) return none;
  const take = (key: string): unknown => {
    if (!Object.hasOwn(payload, key)) return undefined;
    const value: unknown = Reflect.get(payload, key);
    Reflect.deleteProperty(payload, key);
    return value;
  };
  const [accessToken, masterToken] = [take(tokenKey), take(MASTER_KEY)];
  // Of another type than text: nobody can tell what it was meant to be.
  const isReadable = (value: unknown): value is string | undefined =>
    value === undefined || typeof value === 'string';
  if (!isReadable(accessToken) || !isReadable(masterToken)) return AMBIGUOUS;
  const read = (value = ''): string | undefined => fieldValue(value) || undefined;
  return { accessToken: read(accessToken), masterToken: read(masterToken) };
}
