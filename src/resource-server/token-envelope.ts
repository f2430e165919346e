import { parseStrictObject, type JsonObject } from '../json.js';
import { decodeCanonical } from '../tokens/codecs/canonical-base64url.js';
import { readJoseHeader } from '../tokens/codecs/jose-header.js';
import { TokenFault } from '../tokens/token-fault.js';

/** What a bearer token may be written with. @see RFC 6750 section 2.1 */
const BEARER = /^[\w.~+/-]+=*$/;
const MAX_KID_LENGTH = 256;
/** Members that change what the signature is of, or bring a key along: no issuer needs them in access tokens. */
const REFUSED_MEMBERS = ['crit', 'b64', 'zip', 'enc', 'jwk', 'jku', 'x5u', 'x5c'];
/** @see RFC 9068 section 4, RFC 8725 section 3.11 */
const ACCESS_TYP = /^(?:application\/)?at\+jwt$/i;
const PLAIN_TYP = /^(?:application\/)?jwt$/i;

/** What can be seen of a token before anything of it is verified. */
export interface TokenEnvelope {
  /** undefined: it is not a JWT. */
  readonly jwt: JwtEnvelope | undefined;
}

export interface JwtEnvelope {
  readonly kid: string | undefined;
  /** Whether it says of itself that it is an access token. */
  readonly isAccessTokenJwt: boolean;
  /** What it says that its issuer is. */
  readonly issuer: unknown;
}

const OPAQUE: TokenEnvelope = { jwt: undefined };

/** Texts with three parts, of which the first is a JSON object, are JWTs, and have to be proper ones. */
export function readEnvelope(token: string): TokenEnvelope | TokenFault {
  if (!BEARER.test(token)) return TokenFault.malformed;
  const parts = token.split('.', 6);
  if (parts.length !== 3) return OPAQUE;
  const [headerPart, payloadPart, signaturePart] = parts as [string, string, string];
  const header = readJoseHeader(headerPart);
  // Texts of others may have points, too.
  if (header instanceof TokenFault) return OPAQUE;
  const payloadBytes = decodeCanonical(payloadPart);
  if (!payloadBytes || !decodeCanonical(signaturePart)) return TokenFault.malformed;
  if (REFUSED_MEMBERS.some((name) => name in header)) return TokenFault.badHeader;
  const { kid, typ } = header;
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH))
    return TokenFault.badHeader;
  const isAccessTokenJwt = typeof typ === 'string' && ACCESS_TYP.test(typ);
  // Other types are other things that the issuer signs: logout tokens, proofs, events.
  if (typ !== undefined && !isAccessTokenJwt && !(typeof typ === 'string' && PLAIN_TYP.test(typ)))
    return TokenFault.wrongType;
  const payload = parseStrictObject(payloadBytes);
  return payload ? { jwt: { kid, isAccessTokenJwt, issuer: payload['iss'] } } : TokenFault.badPayload;
}

/** The payload of a JWT whose signature holds. */
export function readPayload(bytes: Buffer): JsonObject | TokenFault {
  return parseStrictObject(bytes) ?? TokenFault.badPayload;
}
