import { describe, expect, it } from '@jest/globals';
import { FORMAT_CASES } from '../../test/support/rings.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import { TokenCodecs } from './codecs/token-codecs.js';
import { TokenFault } from './token-fault.js';
import { mintPair, newFamilyId } from './token-minter.js';

const TEMPLATE = {
  clientId: 'c',
  familyId: 'f',
  generation: 0,
  issuedAt: 1,
  accessExpiresAt: 2,
  refreshExpiresAt: 3,
  issuerClaims: {},
  claims: {},
};

describe('a pair that is being minted while the keys change', () => {
  it.each(FORMAT_CASES)('is of one ring, and says which: $name', async ({ config, ring }) => {
    const [before, after] = [ring(), ring()];
    const keys = new ActiveKeyRing(before);
    const codec = new TokenCodecs(keys, {
      accessTokenProfile: 'default',
      tokenFormat: 'jwt',
      acceptedTokenFormats: [],
      ...config,
    });
    const minting = mintPair(codec, TEMPLATE);
    keys.replace(after);
    const { pair, kid } = await minting;
    expect(before.keys.map((key) => key.kid)).toContain(kid);
    for (const token of [pair.accessToken, pair.refreshToken]) {
      expect(await codec.decode(token, 0)).toBeInstanceOf(TokenFault);
      keys.replace(before);
      expect(await codec.decode(token, 0)).toMatchObject({ payload: { client_id: 'c' } });
      keys.replace(after);
    }
  });
});

describe('an identifier of a session', () => {
  it('begins with the time when the session began, and is never the same', () => {
    const ids = Array.from({ length: 10_000 }, () => newFamilyId(1_800_000_000.1239));
    const times = new Set(ids.map((id) => Buffer.from(id, 'base64url').readUIntBE(0, 6)));
    expect(times).toEqual(new Set([1_800_000_000_123]));
    expect(new Set(ids.map((id) => id.slice(8))).size).toBe(ids.length);
    expect(new Set(ids.map((id) => id.length))).toEqual(new Set([22]));
  });

  it.each([0, -1, 2 ** 48 / 1000])('can be made at any time (%d)', (createdAt) =>
    expect(newFamilyId(createdAt)).toMatch(/^A{8}/),
  );
});
