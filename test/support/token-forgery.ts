import { createHmac } from 'node:crypto';
import { SECRET } from './app.js';

/** Base64url of a text, or of the JSON of anything else. */
export function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** A token of these parts, signed with the key of the tests unless told otherwise. Texts are taken as they are. */
export function forgeToken(
  header: unknown,
  payload: unknown,
  { secret = SECRET as string | Buffer, hash = 'sha256' } = {},
): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
}

/** The JSON texts of a token's header and payload, and its signature. */
export function tokenParts(token: string): { header: string; payload: string; signature: string } {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return {
    header: Buffer.from(header, 'base64url').toString(),
    payload: Buffer.from(payload, 'base64url').toString(),
    signature,
  };
}
