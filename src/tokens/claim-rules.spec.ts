import { describe, expect, it } from '@jest/globals';
import { type ClaimRulesConfig, issuerClaims, issuerFault } from './claim-rules.js';
import type { TokenType } from './token-claims.js';
import { TokenFault } from './token-fault.js';

const ISSUER = 'https://issuer.example';
const PLAIN: ClaimRulesConfig = { issuer: ISSUER, audience: ['api', 'admin'], accessTokenProfile: 'default' };
const PROFILED: ClaimRulesConfig = { ...PLAIN, accessTokenProfile: 'at+jwt' };
const GOOD = { iss: ISSUER, aud: 'api', sub: 'client', jti: 'id', iat: 1 };

const fault = (
  payload: object,
  config: ClaimRulesConfig = PLAIN,
  { type = 'access', at = config.accessTokenProfile === 'at+jwt' }: { type?: TokenType; at?: boolean } = {},
) => issuerFault({ payload: { ...payload }, isAccessTokenJwt: at, keyEndsAt: Infinity }, type, config);

describe('issuer and audience of a token', () => {
  it.each([
    ['says neither', {}],
    ['names one of the audience', { iss: ISSUER, aud: 'admin' }],
    ['names several, of which one is meant', { aud: ['other', 'api'] }],
  ])('pass where it %s', (_what, payload) => expect(fault(payload)).toBeUndefined());

  it.each([
    ['another issuer', { iss: `${ISSUER}/` }, TokenFault.wrongIssuer],
    ['an issuer that is no text', { iss: [ISSUER] }, TokenFault.wrongIssuer],
    ['another audience', { aud: 'apis' }, TokenFault.wrongAudience],
    ['an empty audience', { aud: [] }, TokenFault.wrongAudience],
    ['an audience that is not all text', { aud: ['api', 1] }, TokenFault.wrongAudience],
    ['an audience of null', { aud: null }, TokenFault.wrongAudience],
  ])('do not pass where it names %s', (_what, payload, expected) => expect(fault(payload)).toBe(expected));

  it('pass whoever the issuer is where none is configured; an audience has to be named even then', () => {
    const config = { ...PLAIN, issuer: undefined, audience: [] };
    expect(fault({ iss: 'anybody' }, config)).toBeUndefined();
    expect(fault({ aud: 'api' }, config)).toBe(TokenFault.wrongAudience);
  });
});

describe('the RFC 9068 profile', () => {
  it('takes an access token that says all it has to', () => expect(fault(GOOD, PROFILED)).toBeUndefined());

  it.each([
    ['iss', TokenFault.wrongIssuer],
    ['aud', TokenFault.wrongAudience],
    ['sub', TokenFault.wrongProfile],
    ['jti', TokenFault.wrongProfile],
    ['iat', TokenFault.wrongProfile],
  ])('refuses one without %s', (name, expected) =>
    expect(fault({ ...GOOD, [name]: undefined }, PROFILED)).toBe(expected),
  );

  it('refuses an access token of another typ, and at+jwt for anything but an access token', () => {
    expect(fault(GOOD, PROFILED, { at: false })).toBe(TokenFault.wrongProfile);
    expect(fault(GOOD, PROFILED, { type: 'refresh' })).toBe(TokenFault.wrongType);
    expect(fault(GOOD, PLAIN, { type: 'refresh', at: true })).toBe(TokenFault.wrongType);
    expect(fault({ iss: ISSUER }, PROFILED, { type: 'refresh', at: false })).toBeUndefined();
  });

  it('is met by what is issued under it, and nothing is said that is not configured', () => {
    expect(fault({ ...issuerClaims(PROFILED, 'client'), jti: 'id', iat: 1 }, PROFILED)).toBeUndefined();
    expect(issuerClaims({ ...PLAIN, issuer: undefined, audience: [] }, 'client')).toEqual({});
  });
});
