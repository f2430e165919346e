import { describe, expect, it } from '@jest/globals';
import { AMBIGUOUS, readCredentials } from './credentials.js';

const read = (rawHeaders: readonly string[], handshakeTokens?: readonly string[]) => {
  // As Node reads them: its own names keep the first, others are joined.
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name, value] = [rawHeaders[index]!.toLowerCase(), rawHeaders[index + 1]!];
    if (headers[name] === undefined) headers[name] = value;
    else if (name !== 'authorization') headers[name] += `, ${value}`;
  }
  return readCredentials({ headers, rawHeaders }, handshakeTokens);
};
const access = (accessToken: string | undefined) => ({ masterToken: undefined, accessToken });
const master = (masterToken: string | undefined) => ({ masterToken, accessToken: undefined });

const withoutBearer = { ...access(undefined), lacksBearer: true };

describe('credentials of a request', () => {
  it.each([
    ['none', [], access(undefined)],
    ['an access token', ['Access-Token', 'a.b.c'], access('a.b.c')],
    ['a bearer token', ['Authorization', 'Bearer a.b.c'], access('a.b.c')],
    ['a bearer token, written oddly', ['AUTHORIZATION', 'bEARER   a.b.c  '], access('a.b.c')],
    ['a master token', ['MASTER-TOKEN', 'm'], master('m')],
    ['a master token with a comma', ['MASTER-TOKEN', 'm,n'], master('m,n')],
    ['an access token with a comma', ['ACCESS-TOKEN', 'a,b'], access('a,b')],
    ['both', ['MASTER-TOKEN', 'm', 'ACCESS-TOKEN', 'a'], { masterToken: 'm', accessToken: 'a' }],
    ['no scheme', ['Authorization', 'a.b.c'], withoutBearer],
    ['another scheme', ['Authorization', 'Basic YTpi'], access(undefined)],
    ['a scheme without a token', ['Authorization', 'Bearer '], withoutBearer],
    ['two words after the scheme', ['Authorization', 'Bearer a b'], withoutBearer],
    [
      'another scheme beside an access token',
      ['Authorization', 'Basic YTpi', 'ACCESS-TOKEN', 'a'],
      access('a'),
    ],
    ['empty headers', ['MASTER-TOKEN', '', 'ACCESS-TOKEN', ''], access(undefined)],
    ['another header twice', ['X-A', '1', 'X-A', '2', 'ACCESS-TOKEN', 'a'], access('a')],
  ])('are read: %s', (_what, headers, expected) => expect(read(headers)).toEqual(expected));

  it.each([
    ['access tokens', ['ACCESS-TOKEN', 'a', 'access-token', 'b']],
    ['equal access tokens', ['ACCESS-TOKEN', 'a', 'ACCESS-TOKEN', 'a']],
    ['master tokens', ['MASTER-TOKEN', 'm', 'Master-Token', 'n']],
    ['Authorization headers', ['Authorization', 'Bearer a', 'authorization', 'Bearer a']],
    ['Authorization headers of another scheme', ['Authorization', 'Basic a', 'Authorization', 'Basic b']],
    ['kinds of access token', ['Authorization', 'Bearer a', 'ACCESS-TOKEN', 'a']],
  ])('are ambiguous: two %s', (_what, headers) => expect(read(headers)).toBe(AMBIGUOUS));

  it('come with a handshake elsewhere, but once', () => {
    expect(read([], ['a'])).toEqual(access('a'));
    expect(read(['ACCESS-TOKEN', 'a'], [])).toEqual(access('a'));
    expect(read(['ACCESS-TOKEN', 'a'], ['a'])).toBe(AMBIGUOUS);
    expect(read([], ['a', 'b'])).toBe(AMBIGUOUS);
  });
});
