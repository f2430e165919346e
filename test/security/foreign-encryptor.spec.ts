import { describe, expect, it } from '@jest/globals';
import { ALGORITHMS, type EncryptionAlgorithm } from '../../src/keys/algorithms.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import type { EncryptingKey } from '../../src/keys/ring-key.js';
import { JweCodec } from '../../src/tokens/codecs/jwe.codec.js';
import { JwtCodec } from '../../src/tokens/codecs/jwt.codec.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { encryptByHand } from '../support/jwe-by-hand.js';
import { freshKey } from '../support/rings.js';

const encryptions = Object.keys(ALGORITHMS).filter(
  (name): name is EncryptionAlgorithm => ALGORITHMS[name as EncryptionAlgorithm].use === 'enc',
);

describe.each(encryptions)('tokens encrypted by node:crypto alone, %s with A256GCM', (algorithm) => {
  const key = freshKey(algorithm) as EncryptingKey;
  const keys = new ActiveKeyRing(new KeyRing([freshKey('ES256'), key]));
  const signed = new JwtCodec(keys, { accessTokenProfile: 'default' });
  const codec = new JweCodec(keys, signed);
  const payload = { client_id: 'c', type: 'access' };

  it('are read, with and without typ and kid', async () => {
    for (const headerOf of [
      (right: object) => right,
      (right: object) => ({ ...right, typ: 'JWT' }),
      ({ kid: _left, ...others }: Record<string, unknown>) => others,
    ]) {
      expect(await codec.decode(encryptByHand(key, await signed.sign(payload), headerOf), 0)).toMatchObject({
        payload,
      });
    }
  });

  it('are refused when a byte of any part is another', async () => {
    const token = encryptByHand(key, await signed.sign(payload));
    const parts = token.split('.');
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'base64url');
      if (bytes.length === 0) continue;
      bytes[bytes.length - 2] = (bytes[bytes.length - 2] as number) ^ 1;
      const altered = parts.with(index, bytes.toString('base64url')).join('.');
      expect(await codec.decode(altered, 0)).toBeInstanceOf(TokenFault);
    }
  });
});
