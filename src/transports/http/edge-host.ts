import type { ServerResponse } from 'node:http';
import type { AnyRequest } from '../../access/request-access.js';

export type Next = (error?: unknown) => void;
export type Middleware = (request: AnyRequest, response: ServerResponse, next: Next) => void;

/** Puts the edge into the applications of one framework. */
export interface EdgeHost {
  /** Puts it before everything else. */
  install(): void;
  /** Puts it behind what is there by now. */
  move(): void;
  /** Whether this listener of the server is the framework itself. */
  isFramework(listener: unknown): boolean;
  /** Names of what answers before it, and for what it holds no rules, in order. */
  before(): readonly string[];
  /** What else is worth saying at start. */
  remarks(): readonly string[];
}

/** Middleware that is known to answer nothing but preflights, or what is the same for everybody. */
const HARMLESS = new Set([
  'compression',
  'cookieParser',
  'corsMiddleware',
  'expressInit',
  'fastauthBodyReader',
  'helmetMiddleware',
  'jsonParser',
  'logger',
  'pinoHttp',
  'query',
  'responseTime',
  'session',
  'textParser',
  'urlencodedParser',
]);

/** As the log names it; undefined for what can serve nothing. */
export function servingName({ name }: { readonly name: string }): string | undefined {
  if (HARMLESS.has(name)) return undefined;
  return name === '' || name === '<anonymous>' ? 'a function without a name' : name;
}
