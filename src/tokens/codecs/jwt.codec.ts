import type { JwtService } from '@nestjs/jwt';
import type { FastauthConfig } from '../../config/fastauth-config.js';
import { isHmac, type HmacAlgorithm } from '../../keys/algorithms.js';
import { KID } from '../../keys/key-id.js';
import type { KeyRing } from '../../keys/key-ring.js';
import type { ActiveKeyRing } from '../../keys/active-key-ring.js';
import { isAccepted, type SignatureKey } from '../../keys/ring-key.js';
import { HmacVerifier } from '../../keys/hmac.js';
import { isSignatureOf, signatureOf } from '../../keys/signature.js';
import { parseStrictObject, type JsonObject } from '../../json.js';
import { decodeCanonical, isCanonical } from './canonical-base64url.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import { MAX_HEADER_LENGTH, readJoseHeader } from './jose-header.js';
import type { DecodedToken, TokenCodec } from './token-codec.js';
import { TokenFault } from '../token-fault.js';

/** Longer texts are refused unread (bytes; tokens are ASCII). */
export const MAX_TOKEN_LENGTH = 8192;
/** Headers of good tokens that are remembered: every token of an issuer begins with the same one. */
const REMEMBERED_HEADERS = 64;
/** @see RFC 9068 section 2.1 */
const ACCESS_TOKEN_TYP = /^(?:application\/)?at\+jwt$/i;
const HEADER_NAMES: ReadonlySet<string> = new Set(['alg', 'typ', 'kid']);

/** A header whose members are of the shape they must have; `alg` is compared with the key's. */
interface JwtHeader {
  readonly alg: unknown;
  readonly kid: string | undefined;
  readonly isAccessTokenJwt: boolean;
}

/**
 * Signed JWTs (RFC 7515, 7519). HMACs are written by @nestjs/jwt, other signatures by node:crypto, which verifies all
 * of them; what stands before it refuses everything that would pass otherwise: foreign header members such as `crit`,
 * non-canonical base64url, duplicate members, payloads that are no object.
 */
export class JwtCodec implements TokenCodec {
  readonly carriesClaims = true;
  /** By ring, and whether its tokens are of the profile of RFC 9068. */
  private readonly services = new WeakMap<KeyRing, Map<boolean, JwtService>>();
  private JwtService: typeof JwtService | undefined;
  private readonly hmacs = new WeakMap<SignatureKey, HmacVerifier>();
  private readonly headers = new Map<string, JwtHeader>();

  constructor(
    private readonly keys: ActiveKeyRing,
    private readonly config: Pick<FastauthConfig, 'accessTokenProfile'>,
  ) {
    this.rememberOwn(keys.current);
  }

  get ring(): KeyRing {
    return this.keys.current;
  }

  kidOf(ring: KeyRing): string {
    return ring.signingKey.kid;
  }

  sign(payload: JsonObject, ring = this.ring): MaybePromise<string> {
    const key = ring.signingKey;
    const isAccessTokenJwt = this.config.accessTokenProfile === 'at+jwt' && payload['type'] === 'access';
    if (isHmac(key.algorithm)) {
      const service = this.serviceOf(ring, key.algorithm, isAccessTokenJwt);
      return service instanceof Promise
        ? service.then((loaded) => loaded.sign(payload))
        : service.sign(payload);
    }
    const input = `${encoded(headerOf(ring, isAccessTokenJwt))}.${encoded(payload)}`;
    return `${input}.${signatureOf(key.algorithm, input, key.issuingKey).toString('base64url')}`;
  }

  decode(token: string, now: number): DecodedToken | TokenFault {
    if (token.length > MAX_TOKEN_LENGTH) return TokenFault.tooLong;
    const parts = token.split('.', 4);
    if (parts.length !== 3) return TokenFault.malformed;
    const [headerPart, payloadPart, signaturePart] = parts as [string, string, string];
    const known = headerPart.length > MAX_HEADER_LENGTH ? undefined : this.headers.get(headerPart);
    const header = known ?? readHeader(headerPart);
    if (header instanceof TokenFault) return header;
    const signature = decodeCanonical(signaturePart);
    if (!signature || !isCanonical(payloadPart)) return TokenFault.malformed;
    const { alg, kid, isAccessTokenJwt } = header;
    const key = this.keyOf(kid, alg, now, (candidate) => this.hasSignatureOf(token, signature, candidate));
    if (key instanceof TokenFault) return key;
    if (!known) this.remember(headerPart, header);
    const payload = parseStrictObject(Buffer.from(payloadPart, 'base64url'));
    return payload
      ? { payload, isAccessTokenJwt, keyEndsAt: key.verifyUntil ?? Infinity }
      : TokenFault.badPayload;
  }

  /** What tokens of the first ring begin with, so that a flood which comes before any of them has nothing parsed. */
  private rememberOwn(ring: KeyRing): void {
    for (const isAccessTokenJwt of [false, true]) {
      const part = encoded(headerOf(ring, isAccessTokenJwt));
      const header = readHeader(part);
      if (!(header instanceof TokenFault)) this.remember(part, header);
    }
  }

  /** Only for tokens whose signature holds, so that nobody else can fill it. */
  private remember(headerPart: string, header: JwtHeader): void {
    if (this.headers.size >= REMEMBERED_HEADERS) this.headers.clear();
    this.headers.set(headerPart, header);
  }

  /** The key that the token is of: each candidate is tried with its own algorithm, never with the header's. */
  private keyOf(
    kid: string | undefined,
    alg: unknown,
    now: number,
    matches: (key: SignatureKey) => boolean,
  ): SignatureKey | TokenFault {
    let fault: TokenFault = TokenFault.unknownKey;
    for (const key of this.keys.current.candidates(kid)) {
      if (!isAccepted(key, now)) continue;
      if (key.algorithm !== alg) fault = fault === TokenFault.unknownKey ? TokenFault.badAlgorithm : fault;
      else if (matches(key)) return key;
      else fault = TokenFault.badSignature;
    }
    return fault;
  }

  private hasSignatureOf(token: string, signature: Buffer, key: SignatureKey): boolean {
    const input = token.slice(0, token.lastIndexOf('.'));
    return isHmac(key.algorithm)
      ? this.hmacOf(key, key.algorithm).isOf(input, signature)
      : isSignatureOf(key.algorithm, input, key.acceptingKey, signature);
  }

  private hmacOf(key: SignatureKey, algorithm: HmacAlgorithm): HmacVerifier {
    let hmac = this.hmacs.get(key);
    if (!hmac) this.hmacs.set(key, (hmac = new HmacVerifier(algorithm, key.acceptingKey)));
    return hmac;
  }

  private serviceOf(
    ring: KeyRing,
    algorithm: HmacAlgorithm,
    isAccessTokenJwt: boolean,
  ): MaybePromise<JwtService> {
    let services = this.services.get(ring);
    if (!services) this.services.set(ring, (services = new Map()));
    const known = services.get(isAccessTokenJwt);
    if (known) return known;
    if (!this.JwtService) return this.load().then(() => this.serviceOf(ring, algorithm, isAccessTokenJwt));
    const { issuingKey: secret } = ring.signingKey;
    const header = headerOf(ring, isAccessTokenJwt);
    // Given once: options of each call are merged into objects that Node 20 collects with the old generation only.
    const service = new this.JwtService({ secret, signOptions: { algorithm, header } });
    services.set(isAccessTokenJwt, service);
    return service;
  }

  /** With the first token that is issued, so that no application waits for it when it starts. */
  private async load(): Promise<void> {
    ({ JwtService: this.JwtService } = await import('@nestjs/jwt'));
  }
}

/** The header of tokens that this ring signs. */
function headerOf(ring: KeyRing, isAccessTokenJwt: boolean) {
  const { algorithm, kid } = ring.signingKey;
  const typ = isAccessTokenJwt ? 'at+jwt' : 'JWT';
  return ring.writesKid ? { alg: algorithm, typ, kid } : { alg: algorithm, typ };
}

function readHeader(part: string): JwtHeader | TokenFault {
  const header = readJoseHeader(part);
  if (header instanceof TokenFault) return header;
  for (const name of Object.keys(header)) if (!HEADER_NAMES.has(name)) return TokenFault.badHeader;
  const { alg, kid, typ } = header;
  const isAccessTokenJwt = typeof typ === 'string' && ACCESS_TOKEN_TYP.test(typ);
  if (typ !== undefined && !isAccessTokenJwt && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT'))
    return TokenFault.badHeader;
  if (kid !== undefined && (typeof kid !== 'string' || !KID.test(kid))) return TokenFault.badHeader;
  return { alg, kid, isAccessTokenJwt };
}

function encoded(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
