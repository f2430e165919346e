import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../errors.js';
import { resolveIssuers } from './resolved-issuer.js';
import type { TrustedIssuer } from './trusted-issuer.js';

const GOOD = { issuer: 'https://auth.example.com', audience: 'orders' };
const introspection = { clientId: 'orders', clientSecret: 's' };

function faultsOf(...issuers: TrustedIssuer[]): readonly string[] {
  try {
    resolveIssuers(issuers, 5);
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
}

describe('trusted issuers', () => {
  it.each<[string, Partial<TrustedIssuer>]>([
    ['text and a list', { audience: ['orders', 'https://orders.example.com'] }],
    ['a path and a slash', { issuer: 'https://tenant.example.com/realms/x/' }],
    ['this machine', { issuer: 'http://localhost:3000' }],
    ['this machine, by number', { issuer: 'http://127.0.0.2:3000', jwksUri: 'http://[::1]:3000/jwks' }],
    ['introspection without an audience', { audience: undefined, introspection }],
  ])('may be given: %s', (_what, over) => {
    expect(faultsOf({ ...GOOD, ...over })).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['no issuer', { issuer: undefined }, 'issuer is not a URL'],
    ['no TLS', { issuer: 'http://auth.example.com' }, 'issuer is not an https:// URL'],
    ['a host that looks local', { issuer: 'http://localhost.example.com' }, 'issuer is not an https:// URL'],
    [
      'a host that begins locally',
      { issuer: 'http://127.0.0.1.example.com' },
      'issuer is not an https:// URL',
    ],
    ['a password', { issuer: 'https://a:b@auth.example.com' }, 'issuer holds a user name'],
    ['a query', { issuer: 'https://auth.example.com?x' }, 'issuer has a query'],
    ['a fragment', { issuer: 'https://auth.example.com#' }, 'issuer has a fragment'],
    ['a JWK Set without TLS', { jwksUri: 'http://auth.example.com/jwks' }, 'jwksUri is not an https:// URL'],
    ['no audience', { audience: undefined }, 'audience is not set'],
    ['an empty audience', { audience: [] }, 'audience must be text'],
    ['a blank audience', { audience: ' ' }, 'audience must be text'],
    ['two ways', { jwksUri: 'https://a.example.com', introspection }, 'jwksUri and introspection'],
    [
      'no secret',
      { introspection: { clientId: 'a', clientSecret: '' } },
      'introspection.clientSecret is not set',
    ],
    [
      'an endless memory',
      { introspection: { ...introspection, cacheFor: Infinity } },
      'introspection.cacheFor must',
    ],
    ['no time', { timeout: 0 }, 'timeout must be a number of seconds from 0.01 to 60'],
    ['a mapper that is none', { map: 'sub' }, 'map must be a function'],
  ])('may not be given with %s', (_what, over, fault) => {
    expect(faultsOf({ ...GOOD, ...over } as never)).toEqual([expect.stringContaining(fault)]);
  });

  it('are told apart, and every fault is told at once', () => {
    const other = { issuer: 'http://other.example.com', audience: 'x', timeout: -1 };
    expect(faultsOf(GOOD, other)).toEqual([
      expect.stringMatching(/^issuers\[1\]\.issuer is not/),
      expect.stringMatching(/^issuers\[1\]\.timeout must/),
    ]);
    expect(faultsOf(GOOD, GOOD)).toEqual([expect.stringContaining('more than once')]);
    expect(faultsOf()).toEqual([expect.stringContaining('issuer is not set')]);
  });
});
