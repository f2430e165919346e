import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { CompactEncrypt } from 'jose';
import type { TokenFormat } from '../../src/config/fastauth-config.js';
import { importSecret } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { JwtCodec } from '../../src/tokens/codecs/jwt.codec.js';
import { TokenCodecs } from '../../src/tokens/codecs/token-codecs.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { SECRET } from '../support/app.js';
import { quickest } from '../support/quickest.js';
import { freshKey } from '../support/rings.js';
import { Stopwatch } from '../support/stopwatch.js';

const profile = { accessTokenProfile: 'default' } as const;
const PAYLOAD = { client_id: 'c', type: 'access', fam: 'f', jti: 'j', iat: 1, exp: 4_000_000_000 };
const NOW = 2_000_000_000;
/** How many times as long as a good token a hostile one may take; none took as long on the machine where this was set. */
const MOST_TIMES = 2;
const signing = importSecret(SECRET);
const codecsOf = (keys: KeyRing, tokenFormat: TokenFormat): TokenCodecs =>
  new TokenCodecs(new ActiveKeyRing(keys), { ...profile, tokenFormat, acceptedTokenFormats: [] });

const b64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const withHeader = (token: string, header: unknown): string =>
  [b64(header), ...token.split('.').slice(1)].join('.');

describe('hostile encrypted tokens', () => {
  const ecdh = freshKey('ECDH-ES');
  const rsa = freshKey('RSA-OAEP-256');
  const ring = new KeyRing([signing, ecdh]);
  const codec = codecsOf(ring, 'jwe');
  let signed: string;
  beforeAll(async () => {
    signed = await new JwtCodec(new ActiveKeyRing(ring), profile).sign(PAYLOAD);
  });
  const encrypted = (text: string, header: object = {}): Promise<string> =>
    new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'JWT', cty: 'JWT', ...header })
      .encrypt(ecdh.issuingKey as never);

  it('takes what jose makes by the rules, so that the refusals below are about what they say', async () => {
    expect(await codec.decode(await encrypted(signed), NOW)).toMatchObject({ payload: PAYLOAD });
  });

  it('refuses contents that nobody signed, though anybody can encrypt to a public key', async () => {
    expect(await codec.decode(await encrypted(JSON.stringify(PAYLOAD)), NOW)).toBeInstanceOf(TokenFault);
    expect(
      await codec.decode(await encrypted(`${b64({ alg: 'none' })}.${b64(PAYLOAD)}.`), NOW),
    ).toBeInstanceOf(TokenFault);
    const other = new JwtCodec(new ActiveKeyRing(new KeyRing([importSecret(`${SECRET}!`)])), profile);
    expect(await codec.decode(await encrypted(await other.sign(PAYLOAD)), NOW)).toBe(TokenFault.badSignature);
    expect(await codec.decode(await encrypted(await encrypted(signed)), NOW)).toBeInstanceOf(TokenFault);
  });

  it('refuses, for no more than two good ones cost and without a key, headers that it does not write', async () => {
    const token = await encrypted(signed);
    const good = await quickest(() => codec.decode(token, NOW));
    const own = JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()) as {
      epk: object;
    };
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
    const headers: Record<string, unknown> = {
      zip: { ...own, zip: 'DEF' },
      crit: { ...own, crit: ['exp'] },
      'b64 false': { ...own, b64: false },
      apu: { ...own, apu: 'QQ' },
      jku: { ...own, jku: 'http://127.0.0.1/' },
      'no cty': { ...own, cty: undefined },
      'another cty': { ...own, cty: 'JSON' },
      'another typ': { ...own, typ: 'JOSE' },
      'another enc': { ...own, enc: 'A128CBC-HS256' },
      'PBES2 with 2^31 rounds': {
        alg: 'PBES2-HS256+A128KW',
        enc: 'A256GCM',
        cty: 'JWT',
        p2c: 2 ** 31,
        p2s: 'QUFBQUFBQUE',
      },
      'alg none': { ...own, alg: 'none' },
      'alg dir': { alg: 'dir', enc: 'A256GCM', cty: 'JWT' },
      'alg RSA1_5': { alg: 'RSA1_5', enc: 'A256GCM', cty: 'JWT' },
      'an array': [own],
      'a kid that is a path': { ...own, kid: '../../key' },
      'an unknown kid': { ...own, kid: 'other' },
      'no epk': { ...own, epk: undefined },
      'an epk of another curve': { ...own, epk: stranger },
      'an epk with its private part': { ...own, epk: { ...own.epk, d: 'A'.repeat(43) } },
      'an epk that is no point': { ...own, epk: { ...own.epk, y: 'A'.repeat(43) } },
      'an epk at zero': { ...own, epk: { ...own.epk, x: 'A'.repeat(43), y: 'A'.repeat(43) } },
    };
    for (const [name, header] of Object.entries(headers)) {
      const hostile = withHeader(token, header);
      const stopwatch = new Stopwatch();
      expect([name, await codec.decode(hostile, NOW)]).toEqual([name, expect.any(TokenFault)]);
      expect(stopwatch.ms).toBeLessThan(1000);
      expect(await quickest(() => codec.decode(hostile, NOW))).toBeLessThan(MOST_TIMES * good);
    }
    const duplicate = JSON.stringify(own).replace('{', '{"alg":"none",');
    expect(await codec.decode(withHeader(token, duplicate), NOW)).toBe(TokenFault.badHeader);
  });

  it('refuses other forms: parts missing, added, re-encoded, too long', async () => {
    const token = await encrypted(signed);
    for (const altered of [
      token.slice(0, token.lastIndexOf('.')),
      `${token}.a`,
      `${token}=`,
      token.replace('..', '.AA.'),
      '....',
      `${'A'.repeat(9000)}....`,
    ]) {
      expect(await codec.decode(altered, NOW)).toBeInstanceOf(TokenFault);
    }
    expect(await codec.decode(signed, NOW)).toBe(TokenFault.malformed);
  });

  it('refuses a token for another encryption key', async () => {
    const token = await encrypted(signed);
    expect(
      await codecsOf(new KeyRing([signing, freshKey('ECDH-ES')]), 'jwe').decode(token, NOW),
    ).toBeInstanceOf(TokenFault);
    expect(await codecsOf(new KeyRing([signing, rsa]), 'jwe').decode(token, NOW)).toBe(
      TokenFault.badAlgorithm,
    );
  });
});

describe('hostile opaque tokens', () => {
  const codec = codecsOf(new KeyRing([signing]), 'opaque');

  it('show nothing, and are found by prefix and checksum', async () => {
    const token = await codec.sign({ ...PAYLOAD, client_id: 'a-telling-name' });
    expect(token).toMatch(/^fa_at_[\w-]{80,}$/);
    expect(Buffer.from(token.slice(6), 'base64url').toString('latin1')).not.toContain('telling');
    expect(await codec.decode(token, NOW)).toMatchObject({
      payload: { client_id: 'a-telling-name', type: 'access' },
    });
  });

  it('are refused with another prefix, whose checksum may be right', async () => {
    const { crc32 } = await import('node:zlib');
    const token = await codec.sign(PAYLOAD);
    const body = `fa_rt_${token.slice(6, -6)}`;
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    expect(await codec.decode(body + sum.toString('base64url'), NOW)).toBe(TokenFault.badSignature);
    expect(await codec.decode(`fa_rt_${token.slice(6)}`, NOW)).toBe(TokenFault.malformed);
  });

  it.each([
    'fa_',
    'fa_at_',
    'fa_at_AAAAAA',
    `fa_at_${'A'.repeat(100)}`,
    `fa_xx_${'A'.repeat(100)}`,
    `fa_at_${'A'.repeat(9000)}`,
  ])('refuses %s', (token) => {
    expect(codec.decode(token, NOW)).toBeInstanceOf(TokenFault);
  });

  it('says before issuing that a token would be too long to be accepted', async () => {
    const jwt = codecsOf(new KeyRing([signing]), 'jwt');
    const sign = async (): Promise<string> => jwt.sign({ ...PAYLOAD, more: 'x'.repeat(7000) });
    await expect(sign()).rejects.toThrow(/more than 8192 are refused/);
  });
});
