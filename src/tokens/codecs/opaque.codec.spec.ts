import { describe, expect, it } from '@jest/globals';
import { freshKey } from '../../../test/support/rings.js';
import { importSecret } from '../../keys/import-key.js';
import { KeyRing } from '../../keys/key-ring.js';
import { ActiveKeyRing } from '../../keys/active-key-ring.js';
import { OpaqueCodec } from './opaque.codec.js';

const signing = importSecret('the secret that signs, of thirty-two bytes or more');
const older = {
  ...importSecret('an older secret, of thirty-two bytes or more'),
  status: 'verify-only' as const,
};

describe('an opaque token is sealed', () => {
  it.each([
    ['first', [signing, older]],
    ['last', [older, signing]],
  ])('by the secret that signs, which is the %s', (_, keys) => {
    const ring = new KeyRing(keys);
    expect(new OpaqueCodec(new ActiveKeyRing(ring)).kidOf(ring)).toBe(signing.kid);
  });

  it('where a pair of keys signs, by a secret that is not on its way out', () => {
    const ending = { ...older, verifyUntil: 2000 };
    const staying = { ...signing, status: 'verify-only' as const };
    const ring = new KeyRing([freshKey('EdDSA'), ending, staying]);
    expect(new OpaqueCodec(new ActiveKeyRing(ring)).kidOf(ring)).toBe(staying.kid);
  });

  it('by none, and says so, where every secret is', () => {
    const ring = new KeyRing([freshKey('EdDSA'), { ...older, verifyUntil: 2000 }]);
    expect(() => new OpaqueCodec(new ActiveKeyRing(ring)).kidOf(ring)).toThrow('opaque');
  });
});
