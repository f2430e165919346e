import { now } from './clock.js';

/** What the token endpoints answer in `data`; hand it over as it came. */
export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly client_id?: string;
  /** Seconds that the access token lives. Default: what a JWT says of itself; otherwise a refusal tells. */
  readonly expires_in?: number;
}

/** An access token, and when it is due, in milliseconds by this device's clock. */
export interface KeptToken {
  readonly access_token: string;
  /** From then on it is renewed before it is used. */
  readonly renew_at?: number;
  readonly expires_at?: number;
}

export interface KeptPair extends KeptToken, TokenPair {}

/** @returns undefined where there are not both tokens in it */
export function whole<T extends TokenPair>(pair: T | null | undefined): T | undefined {
  return pair?.access_token && pair.refresh_token ? pair : undefined;
}

/**
 * Counts a fresh token's lifetime from now on. The times in it are the server's: on a device whose clock is ahead each
 * token would seem to have expired.
 * @param ahead seconds before the end at which to renew; a fifth of the lifetime, if that is less
 */
export function due<T extends { access_token: string; expires_in?: number }>(
  token: T,
  ahead: number,
): T & KeptToken {
  const lifetime = token.expires_in ?? lifetimeOf(token.access_token);
  if (!lifetime) return token;
  const start = now();
  const renewIn = lifetime - Math.min(ahead, lifetime / 5);
  return { ...token, renew_at: start + renewIn * 1000, expires_at: start + lifetime * 1000 };
}

/** Of a JWT; undefined of tokens that say nothing. */
function lifetimeOf(token: string): number | undefined {
  try {
    const payload = (token.split('.')[1] as string).replace(/-/g, '+').replace(/_/g, '/');
    const { exp, iat } = JSON.parse(atob(payload)) as { exp: number; iat: number };
    // Not a number where one is missing.
    return exp - iat;
  } catch {
    return undefined;
  }
}
