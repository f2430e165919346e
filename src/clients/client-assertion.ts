import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { algorithmOf, ASSERTION_ALGORITHMS } from '../config/client-keys.js';
import type { ClientRecord } from '../sessions/client-record.js';
import { DECOY_KEYS } from './decoy-keys.js';

/** Bytes that an assertion may have. */
const MAX_LENGTH = 8192;
/** How far ahead its end may be, in seconds: for so long it has to be remembered. */
const LONGEST_LIFE = 3600;

/** Loaded by the first assertion: most applications never see one. */
const jose = () => import('jose');

/** What an assertion is held against. */
export interface AssertionRules {
  /** Our issuer identifier: the one `aud` that is taken. */
  readonly issuer: string;
  /** Epoch seconds. */
  readonly now: number;
  /** Seconds by which clocks may differ. */
  readonly clockTolerance: number;
}

/** Whom an assertion says that it is of; nothing of it is verified yet. */
export async function clientOfAssertion(assertion: string): Promise<string | undefined> {
  if (assertion.length > MAX_LENGTH) return undefined;
  const { decodeJwt } = await jose();
  try {
    const { sub } = decodeJwt(assertion);
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Verifies an assertion with the client's own keys; whether it was used before is not known here. Where the client has
 * none for it, as one that does not exist, a signature is verified all the same, so that the time does not tell.
 * @returns its `jti` and end, or undefined if it is not good
 * @see RFC 7523 section 3
 */
export async function verifyAssertion(
  assertion: string,
  { clientId, publicKeys }: Pick<ClientRecord, 'clientId' | 'publicKeys'>,
  { issuer, now, clockTolerance }: AssertionRules,
): Promise<{ readonly jti: string; readonly expiresAt: number } | undefined> {
  const { importJWK, jwtVerify } = await jose();
  let isOwn = false;
  const keyFor = async ({ alg, kid }: JWTHeaderParameters) => {
    const fitting = publicKeys.filter(
      (key) => algorithmOf(key) === alg && (kid === undefined || key.kid === undefined || key.kid === kid),
    );
    // Two keys that a header does not tell apart would make a guess.
    const [key] = fitting.length > 1 ? fitting.filter((candidate) => candidate.kid === kid) : fitting;
    isOwn = key !== undefined;
    return importJWK(key ?? DECOY_KEYS[alg as keyof typeof DECOY_KEYS], alg);
  };
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(assertion, keyFor, {
      algorithms: [...ASSERTION_ALGORITHMS],
      issuer: clientId,
      subject: clientId,
      audience: issuer,
      requiredClaims: ['exp', 'jti'],
      clockTolerance,
      currentDate: new Date(now * 1000),
    }));
  } catch {
    return undefined;
  }
  if (!isOwn) return undefined;
  const { jti, exp, aud, iat } = payload;
  // One that names others, too, could be taken to us by them.
  const isForUsAlone = typeof aud === 'string' || aud?.length === 1;
  if (!isForUsAlone || typeof jti !== 'string' || jti === '' || jti.length > 256) return undefined;
  if (exp === undefined || exp > now + LONGEST_LIFE + clockTolerance) return undefined;
  if (iat !== undefined && iat > now + clockTolerance) return undefined;
  return { jti, expiresAt: exp };
}
