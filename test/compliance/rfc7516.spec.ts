import { describe } from '@jest/globals';
import { itHoldsExamplesOf } from '../support/jose-examples.js';

// What is accepted of this RFC is in test/security/wycheproof.spec.ts and foreign-encryptor.spec.ts.
describe('RFC 7516, JSON Web Encryption', () => {
  describe('appendix A', () => {
    itHoldsExamplesOf('RFC 7516');
  });
});
