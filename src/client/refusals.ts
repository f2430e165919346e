import type { FastauthErrorCode } from '../wire/error-code.js';

const RENEWABLE: readonly unknown[] = [
  'invalid_token',
  'token_expired',
  'token_superseded',
  'session_revoked',
  'session_superseded',
] satisfies readonly FastauthErrorCode[];
const PASSING: readonly unknown[] = [
  'store_unavailable',
  'shutting_down',
  'too_many_attempts',
] satisfies readonly FastauthErrorCode[];

/** Whether another token may be let in where this one was refused. Whether there is one, a refresh tells. */
export function isRenewable(code: unknown): boolean {
  return RENEWABLE.includes(code);
}

/** Whether the same may be let in later. */
export function isPassing(code: unknown): boolean {
  return PASSING.includes(code);
}

/** The machine code of an answer; undefined where it is none of fastauth's. The answer can be read again. */
export async function codeOf(response: Response): Promise<unknown> {
  // Where an application shapes errors in its own way, the challenge tells (RFC 6750 section 3).
  if (/error="invalid_token"/.test(response.headers.get('www-authenticate') ?? '')) return 'invalid_token';
  try {
    return ((await response.clone().json()) as { code?: unknown }).code;
  } catch {
    return undefined;
  }
}
