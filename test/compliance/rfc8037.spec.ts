import { describe, expect, it } from '@jest/globals';
import { importJwk } from '../../src/keys/import-key.js';
import { signatureOf } from '../../src/keys/signature.js';
import { itHoldsExamplesOf } from '../support/jose-examples.js';

const JWK = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};

describe('RFC 8037, Ed25519 in JOSE', () => {
  const { issuingKey, kid } = importJwk(JWK, { algorithm: 'EdDSA' });

  it('appendix A.3: the thumbprint', () => {
    expect(kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('appendix A.4: the signature, which is always the same', () => {
    const input = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc';
    expect(issuingKey && signatureOf('EdDSA', input, issuingKey).toString('base64url')).toBe(
      'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    );
  });

  describe('appendix A.5', () => {
    itHoldsExamplesOf('RFC 8037');
  });
});
