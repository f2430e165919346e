import { describe, expect, it } from '@jest/globals';
import { CryptoKeyNotSetError, StoreUnavailableError } from '../errors.js';
import { TokenFault } from '../tokens/token-fault.js';
import { DenialHeaders } from './denial-headers.js';
import {
  AccessDeniedException,
  CONSTANT_DENIALS,
  type Denial,
  denialBody,
  denialHeaders,
  denialOfError,
  denialOfFault,
  denialOfLimit,
  DENIALS,
  isDenial,
} from './denial.js';

/** Without the identifier, which all have. */
function headersOf(denial: Denial, realm = 'app'): Record<string, string> {
  const { 'X-Request-Id': id, ...others } = denialHeaders(
    denial,
    { appName: realm, resourceIdentifier: undefined },
    'req-1',
  );
  expect(id).toBe('req-1');
  return others;
}

describe('the headers of a denial', () => {
  it('challenge, without an error where no credential was sent', () => {
    expect(headersOf(DENIALS.noAccessToken)).toEqual({ 'WWW-Authenticate': 'Bearer realm="app"' });
    expect(headersOf(DENIALS.badMasterToken)).toEqual({
      'WWW-Authenticate':
        'Bearer realm="app", error="invalid_token", error_description="Unauthorized Master Token"',
    });
    expect(headersOf(DENIALS.ambiguous)['WWW-Authenticate']).toContain('error="invalid_request"');
  });

  it('quote no realm that could end the quotes or the line', () => {
    expect(headersOf(DENIALS.noAccessToken, 'a"b\\c\r\nd é')).toEqual({
      'WWW-Authenticate': 'Bearer realm="a_b_c__d _"',
    });
  });

  it('say when to try again, and nothing where that would not help', () => {
    expect(headersOf(denialOfLimit(17))).toEqual({ 'Retry-After': '17' });
    expect(headersOf(denialOfError(new StoreUnavailableError()))).toEqual({ 'Retry-After': '1' });
    expect(headersOf(DENIALS.shuttingDown)).toEqual({ 'Retry-After': '1' });
    expect(headersOf(DENIALS.foreignOrigin)).toEqual({});
    expect(headersOf(denialOfError(new CryptoKeyNotSetError()))).toEqual({});
  });
});

describe('headers that are written once', () => {
  it.each([undefined, 'https://api.example.com/v1'])('say the same, of the resource %s', (resource) => {
    const challenger = { appName: 'a"b', resourceIdentifier: resource };
    const written = new DenialHeaders(challenger);
    const bearer = { clientId: 'ada', familyId: 'f' };
    const scoped = { ...DENIALS.noAccessToken, scopes: ['read'] };
    for (const denial of [...CONSTANT_DENIALS, denialOfFault(TokenFault.superseded.of(bearer)), scoped]) {
      const headers = written.of(denial, 'req-1');
      expect(headers).toEqual(denialHeaders(denial, challenger, 'req-1'));
      expect(Object.keys(headers)).toEqual(Object.keys(denialHeaders(denial, challenger, 'req-1')));
    }
    expect(CONSTANT_DENIALS).toContain(denialOfFault(TokenFault.badSignature));
  });
});

describe('a denial', () => {
  it('tells of faults in the words of the original', () => {
    const details = (fault: TokenFault): string => denialOfFault(fault).detail;
    expect(details(TokenFault.noClientId)).toBe('Invalid Client ID');
    expect(details(TokenFault.unknownClient)).toBe('Invalid Client ID');
    expect(details(TokenFault.notCurrent)).toBe('Unauthorized Access Token');
    expect(details(TokenFault.wrongType)).toBe('Unauthorized Access Token');
    expect(details(TokenFault.expired)).toBe(`Invalid Access Token. Error: ${TokenFault.expired.reason}.`);
    expect(denialOfFault(TokenFault.expired)).toMatchObject({ status: 401, code: 'token_expired' });
  });

  it('hints at what to do by the form of what was sent, beside the words of the original', () => {
    expect(denialBody(denialOfFault(TokenFault.malformed))).toEqual({
      detail: 'Invalid Access Token. Error: Invalid token format.',
      code: 'invalid_token',
      hint: expect.stringContaining('MASTER-TOKEN'),
    });
    const ofRefreshToken = TokenFault.wrongType.of({ clientId: 'ada', familyId: 'f' });
    expect(denialBody(denialOfFault(ofRefreshToken))).toEqual({
      detail: 'Unauthorized Access Token',
      code: 'wrong_token_type',
      hint: expect.stringContaining('refresh endpoint'),
    });
    expect(denialOfFault(ofRefreshToken).bearer).toEqual({ clientId: 'ada', familyId: 'f' });
  });

  it('stands for a store that is down and a key that is not set, and for no other error', () => {
    expect(denialOfError(new StoreUnavailableError())).toMatchObject({
      status: 503,
      code: 'store_unavailable',
      retryAfter: 1,
    });
    expect(denialOfError(new CryptoKeyNotSetError())).toMatchObject({ status: 500 });
    const bug = new TypeError('a bug');
    expect(() => denialOfError(bug)).toThrow(bug);
  });

  it('is told from a principal', () => {
    expect(isDenial(DENIALS.noAccessToken)).toBe(true);
    expect(isDenial({ clientId: 'c' })).toBe(false);
  });

  it('goes through exception filters with its body and without a stack', () => {
    const { stackTraceLimit } = Error;
    const exception = AccessDeniedException.withoutStack(DENIALS.noAccessToken);
    expect(exception.getResponse()).toEqual(denialBody(DENIALS.noAccessToken));
    expect(exception.getStatus()).toBe(401);
    expect(exception.message).toBe(DENIALS.noAccessToken.detail);
    expect(exception.stack).not.toContain('\n    at ');
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    expect(new AccessDeniedException(DENIALS.noAccessToken).stack).toContain('\n    at ');
  });
});
