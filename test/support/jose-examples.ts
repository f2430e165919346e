import type { JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { compactDecrypt, compactVerify, importJWK } from 'jose';
import { isAlgorithm } from '../../src/keys/algorithms.js';
import { importJwk } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import type { DecodedToken } from '../../src/tokens/codecs/token-codec.js';
import { TokenCodecs } from '../../src/tokens/codecs/token-codecs.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { freshKey } from './rings.js';

/** An example of an RFC, with what becomes of it here. */
export interface JoseExample {
  /** RFC and section. */
  readonly source: string;
  readonly key?: JsonWebKey & { readonly alg: string };
  readonly token: string;
  readonly outcome: string;
}

const EXAMPLES = JSON.parse(readFileSync('test/vectors/jose/examples.json', 'utf8')) as JoseExample[];

const GOOD_SIGNATURE = 'signature good, payload no claims set';

/** What the codecs make of a token whose key, if there is such a key here, is in the ring. */
export async function decodeExample({ key, token }: JoseExample): Promise<DecodedToken | TokenFault> {
  const own = key && isAlgorithm(key.alg) ? [importJwk(key, { status: 'verify-only' })] : [];
  const keys = new ActiveKeyRing(new KeyRing([...own, freshKey('EdDSA', { acceptsMissingKid: false })]));
  return new TokenCodecs(keys, {
    tokenFormat: 'jwt',
    acceptedTokenFormats: ['jwe'],
    accessTokenProfile: 'default',
  }).decode(token, 0);
}

/** One test for each example of an RFC: `jose` agrees that it is one, and here it ends as the data say. */
export function itHoldsExamplesOf(rfc: string): void {
  it.each(EXAMPLES.filter(({ source }) => source.startsWith(`${rfc} `)))(
    '$source: $outcome',
    async (example) => {
      const { key, token, outcome } = example;
      if (key) await expectGoodForJose(token, key);
      const decoded = await decodeExample(example);
      if (outcome === 'accepted') expect(decoded).toMatchObject({ payload: { iss: 'joe', exp: 1300819380 } });
      else if (outcome === GOOD_SIGNATURE) expect(decoded).toBe(TokenFault.badPayload);
      else {
        expect(outcome).toMatch(/^refused: /);
        expect(decoded).toBeInstanceOf(TokenFault);
        expect(decoded).not.toBe(TokenFault.badPayload);
      }
      if (!key || outcome.startsWith('refused')) return;
      // That it was the signature that decided: with one byte changed nothing is left of it.
      const [header = '', payload = '', signature = ''] = token.split('.');
      const bytes = Buffer.from(signature, 'base64url');
      bytes[0] = (bytes[0] as number) ^ 1;
      const altered = [header, payload, bytes.toString('base64url')].join('.');
      expect(await decodeExample({ ...example, token: altered })).toBe(TokenFault.badSignature);
    },
  );
}

async function expectGoodForJose(token: string, key: JsonWebKey & { readonly alg: string }): Promise<void> {
  const imported = await importJWK(key as Parameters<typeof importJWK>[0], key.alg);
  const isEncrypted = token.split('.').length === 5;
  const { protectedHeader } = isEncrypted
    ? await compactDecrypt(token, imported)
    : await compactVerify(token, imported);
  expect(protectedHeader.alg).toBeDefined();
}
