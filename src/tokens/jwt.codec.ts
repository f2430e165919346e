import { JwtService } from '@nestjs/jwt';
import type { KeyRing, VerificationKey } from '../keys/key-ring.js';
import { parseStrictObject, type JsonObject } from '../config/strict-json.js';
import { TokenFault } from './token-fault.js';

/** Longer texts are refused unread (bytes; tokens are ASCII). */
const MAX_TOKEN_LENGTH = 8192;
const KID = /^[A-Za-z0-9._-]{1,64}$/;
const HEADER_NAMES: ReadonlySet<string> = new Set(['alg', 'typ', 'kid']);

/**
 * JWTs with HS256 (RFC 7515, 7519). The signature is @nestjs/jwt's business; what stands before it refuses
 * everything that its library would let pass: foreign header members such as `crit`, non-canonical base64url,
 * duplicate members, payloads that are no object.
 */
export class JwtCodec {
  private readonly services = new Map<VerificationKey, JwtService>();

  constructor(private readonly keys: KeyRing) {}

  /** Identifier of the key that signs. */
  get kid(): string | undefined {
    return this.keys.signingKey.kid;
  }

  sign(payload: JsonObject): string {
    return this.serviceOf(this.keys.signingKey).sign({ ...payload });
  }

  /** The payload of a token whose form and signature hold; times and claims are not looked at. */
  decode(token: string): JsonObject | TokenFault {
    if (token.length > MAX_TOKEN_LENGTH) return TokenFault.tooLong;
    const parts = token.split('.', 4);
    if (parts.length !== 3) return TokenFault.malformed;
    const [headerPart, payloadPart, signaturePart] = parts as [string, string, string];
    const headerBytes = decodeCanonical(headerPart);
    const payloadBytes = decodeCanonical(payloadPart);
    if (!headerBytes || !payloadBytes || !decodeCanonical(signaturePart)) return TokenFault.malformed;

    const header = parseStrictObject(headerBytes);
    if (!header) return TokenFault.badHeader;
    for (const name of Object.keys(header)) if (!HEADER_NAMES.has(name)) return TokenFault.badHeader;
    const { kid, typ } = header;
    if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT'))
      return TokenFault.badHeader;
    if (kid !== undefined && (typeof kid !== 'string' || !KID.test(kid))) return TokenFault.badHeader;
    const candidates = this.keys.candidates(kid);
    if (candidates.length === 0) return TokenFault.unknownKey;
    const usable = candidates.filter((candidate) => candidate.algorithm === header['alg']);
    if (usable.length === 0) return TokenFault.badAlgorithm;
    if (!usable.some((key) => this.hasSignatureOf(token, key))) return TokenFault.badSignature;
    return parseStrictObject(payloadBytes) ?? TokenFault.badPayload;
  }

  private hasSignatureOf(token: string, key: VerificationKey): boolean {
    try {
      this.serviceOf(key).verify<object>(token);
      return true;
    } catch {
      return false;
    }
  }

  private serviceOf(key: VerificationKey): JwtService {
    let service = this.services.get(key);
    if (!service) {
      service = new JwtService({
        secret: key.key,
        signOptions: { algorithm: key.algorithm, ...(key.kid === undefined ? {} : { keyid: key.kid }) },
        verifyOptions: { algorithms: [key.algorithm], ignoreExpiration: true, ignoreNotBefore: true },
      });
      this.services.set(key, service);
    }
    return service;
  }
}

/** The bytes, or undefined where the text is not the one canonical base64url form of them (RFC 7515 section 2). */
function decodeCanonical(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined;
}
