import { beforeAll, describe, expect, it } from '@jest/globals';
import { ALGORITHMS, type SignatureAlgorithm } from '../../src/keys/algorithms.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { JwtCodec } from '../../src/tokens/codecs/jwt.codec.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { itHoldsExamplesOf } from '../support/jose-examples.js';
import { freshKey } from '../support/rings.js';
import { base64url } from '../support/token-forgery.js';

const signatures = Object.entries(ALGORITHMS).filter(([, { use }]) => use === 'sig') as [
  SignatureAlgorithm,
  unknown,
][];

describe('RFC 7515, JSON Web Signature', () => {
  describe('appendix A', () => {
    itHoldsExamplesOf('RFC 7515');
  });

  describe.each(signatures)('%s', (algorithm) => {
    const keys = new ActiveKeyRing(new KeyRing([freshKey(algorithm, { kid: 'k' })]));
    const codec = new JwtCodec(keys, { accessTokenProfile: 'default' });
    let token: string;
    let header: string;
    let payload: string;
    let signature: string;
    beforeAll(async () => {
      token = await codec.sign({ a: 1 });
      [header, payload, signature] = token.split('.') as [string, string, string];
    });
    const outcome = (...parts: string[]) => codec.decode(parts.join('.'), 0);

    it('section 3.1: base64url of the header, the payload and the signature, without padding', () => {
      expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      expect(codec.decode(token, 0)).toMatchObject({ payload: { a: 1 } });
      for (const padded of [
        [`${header}=`, payload, signature],
        [header, `${payload}=`, signature],
        [header, payload, `${signature}=`],
      ]) {
        expect(outcome(...padded)).toBe(TokenFault.malformed);
      }
    });

    it('section 4: member names are unique, at any depth; those that are not understood are refused', () => {
      const alg = `"alg":"${algorithm}"`;
      for (const text of [
        `{${alg},${alg}}`,
        `{${alg},"typ":"JWT","typ":"JWT"}`,
        `{${alg},"x":1}`,
        `{${alg},"crit":["exp"],"exp":1}`,
        `{${alg},"jwk":{}}`,
        `[${JSON.stringify({ alg: algorithm })}]`,
      ]) {
        expect(outcome(base64url(text), payload, signature)).toBe(TokenFault.badHeader);
      }
    });

    it('section 4.1.1: alg is case-sensitive and has to be that of the key', () => {
      for (const alg of [algorithm.toLowerCase(), `${algorithm} `, 'none', '', undefined]) {
        expect(outcome(base64url({ alg, kid: 'k' }), payload, signature)).toBe(TokenFault.badAlgorithm);
      }
    });

    it('section 5.2: what was signed is what was sent, bit by bit', () => {
      expect(outcome(header, base64url('{"a": 1}'), signature)).toBe(TokenFault.badSignature);
      expect(outcome(base64url({ alg: algorithm, kid: 'k' }), payload, signature)).toBe(
        TokenFault.badSignature,
      );
      expect(outcome(header, payload, '')).toBeInstanceOf(TokenFault);
    });
  });
});
