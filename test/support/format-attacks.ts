import { createHmac, createPublicKey, sign } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { ALGORITHMS, isHmac, type SignatureAlgorithm } from '../../src/keys/algorithms.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import type { SigningKey } from '../../src/keys/ring-key.js';
import { signatureOf } from '../../src/keys/signature.js';
import { encryptByHand } from './jwe-by-hand.js';
import { base64url, forgeToken, tokenParts } from './token-forgery.js';

/** Attacks by name; each makes a token out of a good one. */
export type Attacks = Readonly<Record<string, (token: string) => string>>;

const SPELLINGS_OF_NONE = ['none', 'None', 'NONE', 'nOnE', 'none ', ''];
/** Longer than any token may be, and inflated to four megabytes where somebody inflates. */
const BOMB = deflateRawSync(Buffer.alloc(4 * 1024 * 1024));

/** A JWS of these parts, signed as it should be. Texts are taken as they are. */
export function signedWith({ algorithm, issuingKey }: SigningKey, header: unknown, payload: unknown): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  const signature = isHmac(algorithm)
    ? createHmac(ALGORITHMS[algorithm].hash ?? '', issuingKey)
        .update(input)
        .digest()
    : signatureOf(algorithm, input, issuingKey);
  return `${input}.${signature.toString('base64url')}`;
}

/** Another algorithm that the same key could be used with, and its signature. */
function otherAlgorithm({ algorithm, issuingKey }: SigningKey, header: object, payload: string): string {
  const others: Record<SignatureAlgorithm, string> = {
    HS256: 'HS512',
    HS384: 'HS256',
    HS512: 'HS384',
    RS256: 'PS256',
    PS256: 'RS256',
    ES256: 'ES384',
    EdDSA: 'Ed25519',
  };
  const alg = others[algorithm];
  const input = `${base64url({ ...header, alg })}.${base64url(payload)}`;
  const signature = (): Buffer => {
    switch (alg) {
      case 'PS256':
      case 'RS256':
        return signatureOf(alg, input, issuingKey);
      case 'ES384':
        return sign('sha384', Buffer.from(input), { key: issuingKey, dsaEncoding: 'ieee-p1363' });
      case 'Ed25519':
        return sign(null, Buffer.from(input), issuingKey);
      default:
        return createHmac(`sha${alg.slice(2)}`, issuingKey)
          .update(input)
          .digest();
    }
  };
  return `${input}.${signature().toString('base64url')}`;
}

/** What is tried on signed JWTs: with the right key in hand wherever that makes the attack stronger. */
export function jwtAttacks(key: SigningKey): Attacks {
  const headerOf = (token: string) => JSON.parse(tokenParts(token).header) as object;
  const withHeader = (change: object) => (token: string) =>
    signedWith(key, { ...headerOf(token), ...change }, tokenParts(token).payload);
  const withHeaderText = (start: string) => (token: string) =>
    signedWith(key, tokenParts(token).header.replace('{', start), tokenParts(token).payload);
  const withPayload = (start: string) => (token: string) =>
    signedWith(key, headerOf(token), tokenParts(token).payload.replace('{', start));
  const claims = (change: object) => (token: string) =>
    signedWith(key, headerOf(token), { ...(JSON.parse(tokenParts(token).payload) as object), ...change });
  return {
    ...Object.fromEntries(
      SPELLINGS_OF_NONE.flatMap((alg) => [
        [
          `alg ${JSON.stringify(alg)}, no signature`,
          (token: string) => {
            const { payload } = tokenParts(token);
            return `${base64url({ ...headerOf(token), alg })}.${base64url(payload)}.`;
          },
        ],
        [`alg ${JSON.stringify(alg)}, well signed`, withHeader({ alg })],
      ]),
    ),
    'another algorithm of the same key': (token) =>
      otherAlgorithm(key, headerOf(token), tokenParts(token).payload),
    ...confusions(key),
    'typ JWE': withHeader({ typ: 'JWE' }),
    'typ JOSE': withHeader({ typ: 'JOSE' }),
    'typ that is no text': withHeader({ typ: ['JWT'] }),
    'crit of a claim': withHeader({ crit: ['exp'], exp: 1 }),
    'crit of b64': withHeader({ crit: ['b64'], b64: true }),
    'b64 false': withHeader({ b64: false }),
    'b64 false, critical': withHeader({ b64: false, crit: ['b64'] }),
    'zip DEF': withHeader({ zip: 'DEF' }),
    'jwk of its own': withHeader({ jwk: { kty: 'oct', k: 'AAAA' } }),
    'jku of its own': withHeader({ jku: 'http://127.0.0.1:9/' }),
    'alg twice': withHeaderText('{"alg":"none",'),
    'typ twice': withHeaderText('{"typ":"JWT",'),
    'client_id twice': withPayload('{"client_id":"other",'),
    'type twice': withPayload('{"type":"access",'),
    'type twice, once escaped': withPayload('{"\\u0074ype":"refresh",'),
    'another type': claims({ type: 'id' }),
    'no type': claims({ type: undefined }),
    'a payload that is a list': (token) => signedWith(key, headerOf(token), '[]'),
    'a claim changed, well signed, never issued': claims({ more: 1 }),
    'a claim changed, old signature': (token) => {
      const [header, , signature] = token.split('.');
      return [header, base64url(tokenParts(token).payload.replace('{', '{"a":1,')), signature].join('.');
    },
    'no signature': (token) => token.slice(0, token.lastIndexOf('.') + 1),
    'two parts': (token) => token.slice(0, token.lastIndexOf('.')),
    'four parts': (token) => `${token}.AAAA`,
    padding: (token) => `${token}=`,
    'longer than any token, well signed': claims({ more: 'x'.repeat(9000) }),
  };
}

/** RS/HS confusion: the public key, which anybody has, taken as the secret of an HMAC. */
function confusions({ issuingKey, algorithm }: SigningKey): Attacks {
  if (issuingKey.type === 'secret') return {};
  const publicKey = createPublicKey(issuingKey);
  const texts: Record<string, string | Buffer> = {
    PEM: String(publicKey.export({ type: 'spki', format: 'pem' })),
    DER: publicKey.export({ type: 'spki', format: 'der' }),
    JWK: JSON.stringify(publicKey.export({ format: 'jwk' })),
  };
  return Object.fromEntries(
    Object.entries(texts).flatMap(([form, secret]) =>
      ['HS256', algorithm].map((alg) => [
        `an HMAC under the public key as ${form}, alg ${alg}`,
        (token: string) => {
          const header = { ...(JSON.parse(tokenParts(token).header) as object), alg };
          return forgeToken(header, tokenParts(token).payload, { secret });
        },
      ]),
    ),
  );
}

/**
 * What is tried on encrypted JWTs, whose encryption key anybody may have (it may be public): hostile headers around a
 * good inner token, and every attack on the inner one.
 * @param openToken the signed JWT inside of a token
 */
export function jweAttacks(ring: KeyRing, openToken: (token: string) => string): Attacks {
  const key = ring.encryptionKey;
  if (!key) throw new Error('the ring has no encryption key');
  const around = (headerOf: (right: Record<string, unknown>) => unknown) => (token: string) =>
    encryptByHand(key, openToken(token), headerOf);
  const inner = Object.entries(jwtAttacks(ring.signingKey)).map(([name, attack]) => [
    `inside: ${name}`,
    (token: string) => encryptByHand(key, attack(openToken(token))),
  ]);
  const epk = (change: object) =>
    around((right) => ({ ...right, epk: { ...(right['epk'] as object), ...change } }));
  const zero = 'A'.repeat(43);
  return {
    ...(Object.fromEntries(inner) as Attacks),
    ...Object.fromEntries(
      SPELLINGS_OF_NONE.map((alg) => [`alg ${JSON.stringify(alg)}`, around((right) => ({ ...right, alg }))]),
    ),
    'another enc': around((right) => ({ ...right, enc: 'A128GCM' })),
    'alg RSA1_5': around((right) => ({ ...right, alg: 'RSA1_5' })),
    'no cty': around(({ cty: _left, ...others }) => others),
    'typ JOSE': around((right) => ({ ...right, typ: 'JOSE' })),
    crit: around((right) => ({ ...right, crit: ['exp'], exp: 1 })),
    'b64 false': around((right) => ({ ...right, b64: false })),
    apu: around((right) => ({ ...right, apu: 'QQ' })),
    'alg twice': around((right) => JSON.stringify(right).replace('{', '{"alg":"none",')),
    'zip DEF': (token) =>
      encryptByHand(key, deflateRawSync(openToken(token)), (right) => ({ ...right, zip: 'DEF' })),
    'a decompression bomb': () => encryptByHand(key, BOMB, (right) => ({ ...right, zip: 'DEF' })),
    'PBES2 with 2^31 rounds': around((right) => ({
      ...right,
      alg: 'PBES2-HS256+A128KW',
      p2c: 2 ** 31,
      p2s: 'QUFBQUFBQUE',
    })),
    'epk that is no point': epk({ kty: 'EC', crv: 'P-256', x: zero, y: 'B'.repeat(42) + 'A' }),
    'epk at zero': epk({ kty: 'EC', crv: 'P-256', x: zero, y: zero }),
    'epk of another curve': epk({ kty: 'EC', crv: 'P-384', x: zero, y: zero }),
    'encrypted twice': (token) => encryptByHand(key, token),
    'the claims encrypted, but not signed': (token) =>
      encryptByHand(key, tokenParts(openToken(token)).payload),
    'well encrypted, never issued': around((right) => right),
    'no tag': (token) => token.slice(0, token.lastIndexOf('.') + 1),
    'four parts': (token) => token.slice(0, token.lastIndexOf('.')),
    'six parts': (token) => `${token}.AAAA`,
    'an encrypted key where none is, or another': (token) => {
      const parts = token.split('.');
      parts[1] = parts[1] === '' ? 'AAAA' : '';
      return parts.join('.');
    },
    'longer than any token': (token) => token.replace(/\.([\w-]+)\.([\w-]+)$/, `.$1${'A'.repeat(9000)}.$2`),
  };
}

/** What is tried on opaque tokens; the checksum, which needs no key, is right wherever it can be. */
export function opaqueAttacks(ring: KeyRing): Attacks {
  const summed = (body: string): string => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return body + sum.toString('base64url');
  };
  const altered = (index: number) => (token: string) => {
    const bytes = Buffer.from(token.slice(6, -6), 'base64url');
    const at = index < 0 ? bytes.length + index : index;
    bytes[at] = (bytes[at] as number) ^ 1;
    return summed(token.slice(0, 6) + bytes.toString('base64url'));
  };
  const claims = { client_id: 'c', type: 'access', fam: 'f', jti: 'j', iat: 1, exp: 4e9 };
  return {
    'the hint altered': altered(0),
    'the nonce altered': altered(4),
    'the reference altered': altered(20),
    'the tag altered': altered(-1),
    'the other prefix': (token) =>
      summed((token.startsWith('fa_at_') ? 'fa_rt_' : 'fa_at_') + token.slice(6, -6)),
    'a prefix that is none': (token) => summed(`fa_xx_${token.slice(6, -6)}`),
    'another checksum': (token) => token.slice(0, -6) + 'AAAAAA',
    'no checksum': (token) => token.slice(0, -6),
    cut: (token) => summed(token.slice(0, 60)),
    padding: (token) => `${token}=`,
    'longer than any token': (token) => summed(token.slice(0, -6) + 'A'.repeat(9000)),
    'a JWT of the same secret': () =>
      signedWith(ring.signingKey, { alg: ring.signingKey.algorithm, typ: 'JWT' }, claims),
    'a JWT of alg none': () => `${base64url({ alg: 'none' })}.${base64url(claims)}.`,
  };
}
