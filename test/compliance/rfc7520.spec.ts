import { describe } from '@jest/globals';
import { itHoldsExamplesOf } from '../support/jose-examples.js';

describe('RFC 7520, examples of JOSE', () => {
  itHoldsExamplesOf('RFC 7520');
});
