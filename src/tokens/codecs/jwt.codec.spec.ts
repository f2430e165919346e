import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { KeyRing } from '../../keys/key-ring.js';
import { ActiveKeyRing } from '../../keys/active-key-ring.js';
import { TokenFault } from '../token-fault.js';
import { JwtCodec } from './jwt.codec.js';

const SECRET = 'a secret of the tests, thirty-two bytes or more';
const codec = new JwtCodec(new ActiveKeyRing(KeyRing.fromSecret(SECRET)), { accessTokenProfile: 'default' });
const NOW = 2_000_000_000;
const PAYLOAD = { client_id: 'c', type: 'access', exp: 4_000_000_000, iat: 1 };

const b64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function signed(header: unknown, payload: unknown, { secret = SECRET, hash = 'sha256' } = {}): string {
  const text = `${b64(header)}.${b64(payload)}`;
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
}

describe('JwtCodec', () => {
  it('writes the header of the contract and reads what it wrote', async () => {
    const token = await codec.sign(PAYLOAD);
    expect(Buffer.from(token.split('.')[0] as string, 'base64url').toString()).toBe(
      '{"alg":"HS256","typ":"JWT"}',
    );
    expect(codec.decode(token, NOW)).toEqual({
      payload: PAYLOAD,
      isAccessTokenJwt: false,
      keyEndsAt: Infinity,
    });
  });

  it.each([
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ] as const)('signs as RFC 7515 has it, by %s', async (alg, hash) => {
    const secret = SECRET.padEnd(200, 'x');
    const ring = KeyRing.fromSecret(secret, alg);
    const claims = { ...PAYLOAD, name: 'Zo\u00eb \u{1f600}' };
    const hmac = new JwtCodec(new ActiveKeyRing(ring), { accessTokenProfile: 'default' });
    const expected = signed({ alg, typ: 'JWT' }, claims, { secret, hash });
    // The first one loads what writes them, all others are made without a promise.
    expect(await hmac.sign(claims)).toBe(expected);
    expect(hmac.sign(claims)).toBe(expected);
  });

  it('takes the UTF-8 bytes of the key text as the secret, as the original does', () => {
    expect(codec.decode(signed({ alg: 'HS256', typ: 'JWT' }, PAYLOAD), NOW)).toEqual({
      payload: PAYLOAD,
      isAccessTokenJwt: false,
      keyEndsAt: Infinity,
    });
  });

  it('accepts a token without typ, and typ in any case', () => {
    expect(codec.decode(signed({ alg: 'HS256' }, PAYLOAD), NOW)).toEqual({
      payload: PAYLOAD,
      isAccessTokenJwt: false,
      keyEndsAt: Infinity,
    });
    expect(codec.decode(signed({ alg: 'HS256', typ: 'jwt' }, PAYLOAD), NOW)).toEqual({
      payload: PAYLOAD,
      isAccessTokenJwt: false,
      keyEndsAt: Infinity,
    });
  });

  const good = signed({ alg: 'HS256', typ: 'JWT' }, PAYLOAD);
  const [header, payload, signature] = good.split('.') as [string, string, string];
  const cases: [string, string, TokenFault][] = [
    ['nothing', '', TokenFault.malformed],
    ['one part', header, TokenFault.malformed],
    ['two parts', `${header}.${payload}`, TokenFault.malformed],
    ['four parts', `${good}.x`, TokenFault.malformed],
    ['five parts', `${good}.a.b`, TokenFault.malformed],
    ['an empty signature', `${header}.${payload}.`, TokenFault.malformed],
    ['padding', `${header}.${payload}.${signature}=`, TokenFault.malformed],
    ['a space', `${good} `, TokenFault.malformed],
    [
      'standard base64 letters',
      `${header}.${b64('{"a":"???>>>"}').replace(/[-_]/, '/')}.${signature}`,
      TokenFault.malformed,
    ],
    ['more than 8 KiB', `${header}.${'A'.repeat(8192)}.${signature}`, TokenFault.tooLong],
    ['another signature', `${header}.${payload}.${'A'.repeat(43)}`, TokenFault.badSignature],
    [
      'a short signature',
      `${header}.${payload}.${Buffer.from(signature, 'base64url').subarray(0, 16).toString('base64url')}`,
      TokenFault.badSignature,
    ],
    ['another key', signed({ alg: 'HS256' }, PAYLOAD, { secret: 'x' }), TokenFault.badSignature],
    ['an empty key', signed({ alg: 'HS256' }, PAYLOAD, { secret: '' }), TokenFault.badSignature],
    ['alg none', `${b64({ alg: 'none' })}.${payload}.${signature}`, TokenFault.badAlgorithm],
    ['alg nOnE', `${b64({ alg: 'nOnE' })}.${payload}.${signature}`, TokenFault.badAlgorithm],
    ['alg as an array', signed({ alg: ['HS256'] }, PAYLOAD), TokenFault.badAlgorithm],
    ['no alg', signed({ typ: 'JWT' }, PAYLOAD), TokenFault.badAlgorithm],
    [
      'HS512 with the right key',
      signed({ alg: 'HS512' }, PAYLOAD, { hash: 'sha512' }),
      TokenFault.badAlgorithm,
    ],
    ['an unknown kid', signed({ alg: 'HS256', kid: 'x' }, PAYLOAD), TokenFault.unknownKey],
    ['kid __proto__', signed('{"alg":"HS256","kid":"__proto__"}', PAYLOAD), TokenFault.unknownKey],
    ['kid as an array', signed({ alg: 'HS256', kid: ['x'] }, PAYLOAD), TokenFault.badHeader],
    ['kid that walks', signed({ alg: 'HS256', kid: '../../dev/null' }, PAYLOAD), TokenFault.badHeader],
    ['a kid of 5 KB', signed({ alg: 'HS256', kid: 'k'.repeat(5000) }, PAYLOAD), TokenFault.badHeader],
    ['typ JWE', signed({ alg: 'HS256', typ: 'JWE' }, PAYLOAD), TokenFault.badHeader],
    ['crit', signed({ alg: 'HS256', crit: ['exp'] }, PAYLOAD), TokenFault.badHeader],
    ['b64 false', signed({ alg: 'HS256', b64: false }, PAYLOAD), TokenFault.badHeader],
    ['zip', signed({ alg: 'HS256', zip: 'DEF' }, PAYLOAD), TokenFault.badHeader],
    ['jwk', signed({ alg: 'HS256', jwk: { kty: 'oct', k: '' } }, PAYLOAD), TokenFault.badHeader],
    ['jku', signed({ alg: 'HS256', jku: 'http://127.0.0.1/' }, PAYLOAD), TokenFault.badHeader],
    [
      'a duplicate member in the header',
      signed('{"alg":"none","alg":"HS256"}', PAYLOAD),
      TokenFault.badHeader,
    ],
    ['an array as header', signed(['HS256'], PAYLOAD), TokenFault.badHeader],
    [
      'a duplicate member in the payload',
      signed({ alg: 'HS256' }, '{"exp":1,"exp":2}'),
      TokenFault.badPayload,
    ],
    ['an array as payload', signed({ alg: 'HS256' }, [1]), TokenFault.badPayload],
    ['a text as payload', signed({ alg: 'HS256' }, '"text"'), TokenFault.badPayload],
  ];
  it.each(cases)('refuses %s', (_name, token, fault) => {
    expect(codec.decode(token, NOW)).toBe(fault);
  });

  it('refuses every change of a single character', () => {
    for (let index = 0; index < good.length; index++) {
      const changed = good.slice(0, index) + (good[index] === 'A' ? 'B' : 'A') + good.slice(index + 1);
      expect(codec.decode(changed, NOW)).toBeInstanceOf(TokenFault);
    }
  });
});
