import type { TableTokens } from './table-tokens.js';
import type { Target } from './table-targets.js';

/** What is sent, by the names of headers, as often as it is sent. */
export type SentHeader = readonly [name: 'access-token' | 'master-token' | 'authorization', value: string];

export interface TableRow {
  readonly target: Target;
  /** What is sent, in words. */
  readonly sent: string;
  readonly verdict: string;
  /** Of a subscription, if it is another: what its connection is refused with before it says what it subscribes to. */
  readonly ofConnection?: string;
  headers(tokens: TableTokens): readonly SentHeader[];
}

const access = (value: string): SentHeader => ['access-token', value];
const master = (value: string): SentHeader => ['master-token', value];
const authorization = (value: string): SentHeader => ['authorization', value];
const bearer = (value: string): SentHeader => authorization(`Bearer ${value}`);

type Line = readonly [
  sent: string,
  verdict: string,
  headers: (tokens: TableTokens) => readonly SentHeader[],
  ofConnection?: string,
];

const LINES: Readonly<Record<Target, readonly Line[]>> = {
  access: [
    ['nothing', 'missing_token', () => []],
    ['a good token', 'admitted', ({ good }) => [access(good)]],
    ['a good token as `Bearer`', 'admitted', ({ good }) => [bearer(good)]],
    ['… as `bearer`', 'admitted', ({ good }) => [authorization(`bearer ${good}`)]],
    ['… as `BEARER`', 'admitted', ({ good }) => [authorization(`BEARER ${good}`)]],
    ['… as `Bearer` with several spaces', 'admitted', ({ good }) => [authorization(`Bearer   ${good}`)]],
    ['… with spaces around it', 'admitted', ({ good }) => [access(`  ${good}  `)]],
    ['… as `Bearer` with spaces around it', 'admitted', ({ good }) => [authorization(`  Bearer ${good}  `)]],
    ['… in `Authorization` without `Bearer`', 'missing_token', ({ good }) => [authorization(good)]],
    ['… as `Token`', 'missing_token', ({ good }) => [authorization(`Token ${good}`)]],
    ['… as `Bearer:`', 'missing_token', ({ good }) => [authorization(`Bearer:${good}`)]],
    ['… as `Bearer`, in quotes', 'invalid_token', ({ good }) => [bearer(`"${good}"`)]],
    ['`Bearer` and two tokens', 'missing_token', ({ good, otherGood }) => [bearer(`${good} ${otherGood}`)]],
    ['`Bearer` and nothing', 'missing_token', () => [authorization('Bearer')]],
    ['`Basic`', 'missing_token', () => [authorization('Basic dXNlcjpwYXNzd29yZA==')]],
    ['`Authorization`, empty', 'missing_token', () => [authorization('')]],
    ['`Bearer …` as `ACCESS-TOKEN`', 'invalid_token', ({ good }) => [access(`Bearer ${good}`)]],
    ['`ACCESS-TOKEN`, empty', 'missing_token', () => [access('')]],
    ['`ACCESS-TOKEN`, spaces', 'missing_token', () => [access('   ')]],
    ['a good token twice', 'invalid_request', ({ good }) => [access(good), access(good)]],
    ['two good tokens', 'invalid_request', ({ good, otherGood }) => [access(good), access(otherGood)]],
    ['a good token, and an empty one', 'invalid_request', ({ good }) => [access(good), access('')]],
    ['two good tokens, parted by a comma', 'invalid_token', (t) => [access(`${t.good},${t.otherGood}`)]],
    ['`Bearer` twice', 'invalid_request', ({ good }) => [bearer(good), bearer(good)]],
    ['`Bearer` and `Basic`', 'invalid_request', ({ good }) => [bearer(good), authorization('Basic eDp5')]],
    ['`ACCESS-TOKEN` and `Bearer`, equal', 'invalid_request', ({ good }) => [access(good), bearer(good)]],
    ['… different', 'invalid_request', ({ good, otherGood }) => [access(good), bearer(otherGood)]],
    ['… the second one bad', 'invalid_request', ({ good }) => [access(good), bearer('x.y.z')]],
    ['… the first one empty', 'invalid_request', ({ good }) => [access(''), bearer(good)]],
    ['`ACCESS-TOKEN` and `Basic`', 'admitted', ({ good }) => [access(good), authorization('Basic eDp5')]],
    ['an expired token', 'token_expired', ({ expired }) => [access(expired)]],
    ['a token that was refreshed', 'token_superseded', ({ superseded }) => [access(superseded)]],
    ['… of a revoked session', 'session_revoked', ({ revoked }) => [access(revoked)]],
    ['… of a session that a newer one replaced', 'session_superseded', ({ replaced }) => [access(replaced)]],
    ['a refresh token', 'wrong_token_type', ({ refreshToken }) => [access(refreshToken)]],
    ['a token of another type', 'wrong_token_type', ({ wrongType }) => [bearer(wrongType)]],
    ['… without a type', 'wrong_token_type', ({ noType }) => [access(noType)]],
    ['… without `client_id`', 'invalid_token', ({ noClient }) => [access(noClient)]],
    ['… without `exp`', 'invalid_token', ({ noExpiry }) => [access(noExpiry)]],
    ['… that is not valid yet', 'invalid_token', ({ notYet }) => [access(notYet)]],
    ['… with a forged signature', 'invalid_token', ({ forgedSignature }) => [access(forgedSignature)]],
    ['… with another payload', 'invalid_token', ({ otherPayload }) => [bearer(otherPayload)]],
    ['… without its signature', 'invalid_token', ({ noSignature }) => [access(noSignature)]],
    ['… with `alg` none', 'invalid_token', ({ algorithmNone }) => [access(algorithmNone)]],
    ['… with another `alg`', 'invalid_token', ({ otherAlgorithm }) => [access(otherAlgorithm)]],
    ['… signed with a public key', 'invalid_token', ({ publicKeyAsSecret }) => [access(publicKeyAsSecret)]],
    ['… signed with another key', 'invalid_token', ({ otherKey }) => [access(otherKey)]],
    ['… of another application', 'session_superseded', ({ otherApplication }) => [access(otherApplication)]],
    ['… cut short', 'invalid_token', ({ truncated }) => [access(truncated)]],
    ['… of more than 8 KiB', 'invalid_token', ({ oversized }) => [access(oversized)]],
    ['… with a letter that is not ASCII', 'invalid_token', ({ nonAscii }) => [access(nonAscii)]],
    ['`undefined`', 'invalid_token', () => [access('undefined')]],
    ['the master token as `ACCESS-TOKEN`', 'invalid_token', (tokens) => [access(tokens.master)]],
    ['the master token as `Bearer`', 'invalid_token', (tokens) => [bearer(tokens.master)]],
    ['the master token', 'missing_token', (tokens) => [master(tokens.master)]],
    ['a good token as `MASTER-TOKEN`', 'missing_token', ({ good }) => [master(good)], 'invalid_token'],
    [
      'a good token, and the master token',
      'admitted',
      (tokens) => [access(tokens.good), master(tokens.master)],
    ],
    ['a good token, and a wrong master token', 'admitted', ({ good }) => [access(good), master('wrong')]],
    [
      'a bad token, and the master token',
      'invalid_token',
      (tokens) => [bearer('x.y.z'), master(tokens.master)],
    ],
  ],
  master: [
    ['nothing', 'missing_token', () => []],
    ['the master token', 'admitted', (tokens) => [master(tokens.master)]],
    ['… with spaces around it', 'admitted', (tokens) => [master(`  ${tokens.master}  `)]],
    ['a named master token', 'admitted', ({ ops }) => [master(ops)]],
    ['… that has expired', 'invalid_token', ({ gone }) => [master(gone)]],
    ['a wrong master token', 'invalid_token', () => [master('wrong')]],
    ['the master token, cut short', 'invalid_token', (tokens) => [master(tokens.master.slice(0, -1))]],
    ['… in capitals', 'invalid_token', (tokens) => [master(tokens.master.toUpperCase())]],
    ['`MASTER-TOKEN`, empty', 'missing_token', () => [master('')]],
    ['`MASTER-TOKEN`, spaces', 'missing_token', () => [master('  ')]],
    ['the master token twice', 'invalid_request', (t) => [master(t.master), master(t.master)]],
    ['two named master tokens', 'invalid_request', ({ ops, night }) => [master(ops), master(night)]],
    ['the master token as `Bearer`', 'missing_token', (t) => [bearer(t.master)], 'invalid_token'],
    ['the master token as `ACCESS-TOKEN`', 'missing_token', (t) => [access(t.master)], 'invalid_token'],
    ['an access token', 'missing_token', ({ good }) => [access(good)]],
    ['an access token as `MASTER-TOKEN`', 'invalid_token', ({ good }) => [master(good)]],
    ['the master token, and a bad access token', 'admitted', (t) => [master(t.master), bearer('x.y.z')]],
    ['a wrong master token, and an access token', 'invalid_token', (t) => [master('wrong'), access(t.good)]],
    [
      'the master token, and an access token twice',
      'invalid_request',
      (t) => [master(t.master), access(t.good), access(t.good)],
    ],
  ],
  both: [
    ['both tokens', 'admitted', (tokens) => [access(tokens.good), master(tokens.master)]],
    ['the access token', 'missing_token', ({ good }) => [access(good)]],
    ['the master token', 'missing_token', (tokens) => [master(tokens.master)]],
    ['both, the master token wrong', 'invalid_token', ({ good }) => [access(good), master('wrong')]],
    ['both, the access token expired', 'token_expired', (t) => [access(t.expired), master(t.master)]],
  ],
  scoped: [
    ['nothing', 'missing_token', () => []],
    ['a token without scopes', 'insufficient_scope', ({ good }) => [access(good)]],
    ['… with one of the two', 'insufficient_scope', ({ reads }) => [bearer(reads)]],
    ['… with names that are near', 'insufficient_scope', ({ near }) => [access(near)]],
    ['… with both', 'admitted', ({ readsAndWrites }) => [access(readsAndWrites)]],
    ['… with more', 'admitted', ({ hasMore }) => [bearer(hasMore)]],
    ['an expired token', 'token_expired', ({ expired }) => [access(expired)]],
    ['the master token', 'missing_token', (tokens) => [master(tokens.master)]],
  ],
  any: [
    ['nothing', 'missing_token', () => []],
    ['the master token', 'admitted', (tokens) => [master(tokens.master)]],
    ['a token with the scope', 'admitted', ({ administers }) => [access(administers)]],
    ['a token without it', 'insufficient_scope', ({ reads }) => [access(reads)]],
    [
      'a token without it, and the master token',
      'admitted',
      (tokens) => [access(tokens.reads), master(tokens.master)],
    ],
    [
      'a token without it, and a wrong master token',
      'insufficient_scope',
      ({ reads }) => [access(reads), master('wrong')],
    ],
    ['a bad token, and the master token', 'admitted', (tokens) => [access('x.y.z'), master(tokens.master)]],
    ['a wrong master token', 'invalid_token', () => [master('wrong')]],
  ],
  fresh: [
    ['a token of a new session', 'admitted', ({ good }) => [access(good)]],
    ['… of an old session', 'insufficient_user_authentication', ({ stale }) => [access(stale)]],
    [
      '… of an old session, just refreshed',
      'insufficient_user_authentication',
      (t) => [bearer(t.staleAfterRefresh)],
    ],
  ],
};

export const TABLE_ROWS: readonly TableRow[] = Object.entries(LINES).flatMap(([target, lines]) =>
  lines.map(([sent, verdict, headers, ofConnection]) => ({
    target: target as Target,
    sent,
    verdict,
    headers,
    ...(ofConnection !== undefined && { ofConnection }),
  })),
);
