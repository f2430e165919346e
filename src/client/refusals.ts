import type { FastauthErrorCode } from '../wire/error-code.js';

const RENEWABLE: Partial<Record<FastauthErrorCode, true>> = {
  invalid_token: true,
  token_expired: true,
  token_superseded: true,
  session_revoked: true,
  session_superseded: true,
};
const PASSING: Partial<Record<FastauthErrorCode, true>> = {
  store_unavailable: true,
  shutting_down: true,
  too_many_attempts: true,
};

/** Whether another token may be let in where this one was refused. Whether there is one, a refresh tells. */
export function isRenewable(code: unknown): boolean {
  return RENEWABLE[code as FastauthErrorCode] === true;
}

/** Whether the same may be let in later. */
export function isPassing(code: unknown): boolean {
  return PASSING[code as FastauthErrorCode] === true;
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
