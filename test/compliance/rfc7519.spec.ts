import { describe, expect, it } from '@jest/globals';
import { issuerFault } from '../../src/tokens/claim-rules.js';
import { readClaims } from '../../src/tokens/token-claims.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { itHoldsExamplesOf } from '../support/jose-examples.js';

const NOW = 1_000_000;
const TOLERANCE = 5;
const GOOD = { client_id: 'c', type: 'access', exp: NOW + 60, iat: NOW - 60 };
const read = (change: object) => readClaims({ ...GOOD, ...change }, 'access', NOW, TOLERANCE);

describe('RFC 7519, JSON Web Token', () => {
  describe('section 6.1, the unsecured JWT', () => {
    itHoldsExamplesOf('RFC 7519');
  });

  it('section 4.1.4: exp is required here, a number, and refuses on and after it, with a small leeway', () => {
    expect(read({})).toMatchObject({ clientId: 'c', expiresAt: NOW + 60 });
    expect(read({ exp: NOW - TOLERANCE + 0.5 })).not.toBeInstanceOf(TokenFault);
    expect(read({ exp: NOW - TOLERANCE })).toBe(TokenFault.expired);
    for (const exp of [undefined, null, String(NOW + 60), Infinity, -1]) {
      expect(read({ exp })).toBe(TokenFault.badExpiry);
    }
  });

  it('section 4.1.5 and 4.1.6: nbf and iat are numbers, and not in the future beyond the leeway', () => {
    for (const name of ['nbf', 'iat']) {
      expect(read({ [name]: NOW + TOLERANCE })).not.toBeInstanceOf(TokenFault);
      expect(read({ [name]: NOW + TOLERANCE + 1 })).toBe(TokenFault.notYetValid);
      expect(read({ [name]: String(NOW) })).toBe(TokenFault.badTime);
    }
  });

  it('section 4.1.7: jti is a text', () => {
    expect(read({ jti: 'a' })).toMatchObject({ tokenId: 'a' });
    expect(read({ jti: 1 })).toBe(TokenFault.badIdentifier);
  });

  it('section 4.1.1 and 4.1.3: a token of another issuer, or for none of the audiences, is refused', () => {
    const config = {
      issuer: 'https://a.example',
      audience: ['x', 'y'],
      accessTokenProfile: 'default',
    } as const;
    const fault = (payload: object) =>
      issuerFault(
        { payload: { ...GOOD, ...payload }, isAccessTokenJwt: false, keyEndsAt: Infinity },
        'access',
        config,
      );
    for (const good of [{ iss: 'https://a.example' }, { aud: 'x' }, { aud: ['z', 'y'] }]) {
      expect(fault(good)).toBeUndefined();
    }
    for (const iss of ['https://A.example', 'https://a.example/', '', 1])
      expect(fault({ iss })).toBe(TokenFault.wrongIssuer);
    for (const aud of ['z', [], ['z'], 'X', 1, ['x', 1]])
      expect(fault({ aud })).toBe(TokenFault.wrongAudience);
  });
});
