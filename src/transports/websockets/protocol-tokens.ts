import type { IncomingMessage } from 'node:http';
import { BEARER_PROTOCOL } from '../../wire/credential-names.js';

const HEADER = 'sec-websocket-protocol';
/** How access and refresh tokens start, of whatever format. */
const TOKEN_LIKE = /^(?:eyJ|fa_[ar]t_)/;

/**
 * Takes tokens out of a request's list of subprotocols, so that none can be selected as one or meet code that looks
 * at the headers: what `bearer` announces, but also what is sent in a wrong way and does not count.
 * @returns those that count. Names of subprotocols are told apart by case, so `Bearer` announces none.
 * @see RFC 6455 section 11.3.4: the header may come in several lines, which together are one list
 */
export function takeProtocolTokens({ headers, rawHeaders }: IncomingMessage): string[] {
  const sent = headers[HEADER];
  if (sent === undefined) return [];
  const offered = sent.split(',').map((text) => text.trim());
  const tokens: string[] = [];
  const left = new Set<string>();
  for (let index = 0; index < offered.length; index++) {
    const name = offered[index] as string;
    if (TOKEN_LIKE.test(name)) continue;
    left.add(name);
    if (name.toLowerCase() !== BEARER_PROTOCOL) continue;
    const token = offered[++index];
    if (token && name === BEARER_PROTOCOL) tokens.push(token);
  }
  if (left.size === offered.length) return tokens;
  const rest = [...left].join(', ');
  if (rest === '') delete headers[HEADER];
  else headers[HEADER] = rest;
  replaceRaw(rawHeaders, rest);
  return tokens;
}

/** Node makes other views of the headers from these, by their number: none may be taken out. */
function replaceRaw(rawHeaders: string[], value: string): void {
  let text = value;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== HEADER) continue;
    rawHeaders[index + 1] = text;
    text = '';
  }
}
