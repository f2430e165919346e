import { describe, expect, it } from '@jest/globals';
import { isSameBearer, type Principal } from './principal.js';

const principal = (claims: Record<string, unknown>, clientId = 'device'): Principal =>
  ({ clientId, claims }) as unknown as Principal;

describe('the bearer of a token', () => {
  it.each<[string, Principal, Principal, boolean]>([
    ['the same client', principal({}), principal({}), true],
    ['another client', principal({}), principal({}, 'other'), false],
    ['the same user', principal({ sub: 'ann' }), principal({ sub: 'ann' }), true],
    ['another user', principal({ sub: 'ann' }), principal({ sub: 'bob' }), false],
    ['a token that names no user', principal({ sub: 'ann' }), principal({}), true],
    ['the same issuer', principal({ iss: 'https://one' }), principal({ iss: 'https://one' }), true],
    ['another issuer', principal({ iss: 'https://one' }), principal({ iss: 'https://two' }), false],
    ['a token that names no issuer', principal({ iss: 'https://one' }), principal({}), false],
    ['a token that alone names an issuer', principal({}), principal({ iss: 'https://one' }), false],
  ])('is told by %s', (_name, before, after, may) => {
    expect(isSameBearer(before, after)).toBe(may);
  });
});
