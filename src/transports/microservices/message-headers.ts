import { fieldValue, type SentHeaders } from '../../access/credentials.js';

/** What is used of the contexts of @nestjs/microservices, and of gRPC's metadata, all of which are optional. */
interface MessageContext {
  /** NATS */
  getHeaders?(): Iterable<readonly [string, readonly string[]]> | undefined;
  /** RabbitMQ, Kafka */
  getMessage?(): { readonly headers?: object; readonly properties?: { readonly headers?: object } };
  /** MQTT 5 */
  getPacket?(): { readonly properties?: { readonly userProperties?: object } };
  /** gRPC */
  get?(name: string): readonly unknown[];
}

export interface MessageHeaders extends SentHeaders {
  /** Whether a credential is of another type than text, so that nobody can tell what it was meant to be. */
  readonly hasOddCredential: boolean;
}

/** A header, as often as it was sent; undefined: it is no text. */
type Entry = readonly [name: string, value: string | undefined];

const CREDENTIALS = ['authorization', 'access-token', 'master-token'] as const;
/** Those that are read; the last two tie what is reported together. */
const NAMES = [...CREDENTIALS, 'x-request-id', 'traceparent'] as const;

/** The headers of a message, as those of a request would be; undefined where its transport has none: TCP, Redis. */
export function headersOfMessage(context: unknown): MessageHeaders | undefined {
  const entries = entriesOf((context ?? {}) as MessageContext);
  if (entries === undefined) return undefined;
  const rawHeaders: string[] = [];
  const headers: Record<string, string> = {};
  let hasOddCredential = false;
  for (const [name, value] of entries) {
    const known = NAMES.find((each) => each === name.toLowerCase());
    if (known === undefined) continue;
    if (value === undefined) {
      hasOddCredential ||= CREDENTIALS.some((each) => each === known);
      continue;
    }
    rawHeaders.push(known, value);
    headers[known] = known in headers ? `${headers[known]}, ${value}` : value;
  }
  return { headers, rawHeaders, hasOddCredential };
}

function entriesOf(context: MessageContext): readonly Entry[] | undefined {
  if (typeof context.getHeaders === 'function') return flatten(context.getHeaders() ?? []);
  if (typeof context.getPacket === 'function') {
    return flatten(Object.entries(context.getPacket().properties?.userProperties ?? {}));
  }
  if (typeof context.getMessage === 'function') {
    const message = context.getMessage();
    return flatten(Object.entries(message.headers ?? message.properties?.headers ?? {}));
  }
  if (typeof context.get === 'function' && 'getMap' in context) {
    // HTTP/2 joins what was sent several times, so a comma is where one value ends.
    const valuesOf = (name: string): unknown[] =>
      (context.get?.(name) ?? []).flatMap((value) => String(value).split(/, */));
    return flatten(NAMES.map((name) => [name, valuesOf(name)]));
  }
  return undefined;
}

/** A header that is there several times has several entries. */
function flatten(headers: Iterable<readonly [string, unknown]>): readonly Entry[] {
  return Array.from(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value])
      .filter((each) => each !== undefined && each !== null)
      .map((each): Entry => [name, textOf(each)]),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || Buffer.isBuffer(value) ? fieldValue(String(value)) : undefined;
}
