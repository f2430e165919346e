// What is measured. `goal`: the added CPU in microseconds at most, `ratio` (open over guarded) at least, `times` what
// another case adds at most.
const fastauth = (load, store = 'memory:', more = {}) => ({
  subject: 'fastauth',
  options: { load, store, ...more },
});
const peer = (id, title, subject, options, more) => ({
  id,
  title,
  subject,
  ...(options && { options }),
  kind: 'peer',
  ...more,
});
/** What there is to do in any case, with nothing of the package. */
const floor = (id, title, subject, more) => ({ id, title, subject, kind: 'floor', ...more });
/** For stores that tell of changes. */
const GUARDED = { ratio: 0.9, added: 2.5 };

export const CASES = [
  { id: 'control', title: 'control: the open route against itself', subject: 'bare', kind: 'control' },
  {
    id: 'carried',
    title: 'the open route, sent a token that nobody reads',
    subject: 'bare',
    options: { carries: true },
  },
  peer('empty-guard', 'an empty guard', 'empty-guard'),
  {
    id: 'open',
    title: 'open route, global guard and path rules on',
    ...fastauth('open'),
    goal: { ratio: 0.94, added: 1.5 },
  },
  { id: 'memory', title: 'guarded, memory store', ...fastauth('seen'), goal: GUARDED },
  {
    id: 'scoped',
    title: 'scoped route, beside `@AccessOnly()` instead of an open one',
    ...fastauth('scoped'),
    goal: { added: 0.3 },
  },
  { id: 'lmdb', title: 'guarded, embedded store (LMDB)', ...fastauth('seen', 'lmdb'), goal: GUARDED },
  { id: 'redis', title: 'guarded, Redis', ...fastauth('seen', 'redis'), goal: GUARDED, needs: 'redis' },
  {
    id: 'postgres',
    title: 'guarded, PostgreSQL',
    ...fastauth('seen', 'postgres'),
    goal: GUARDED,
    needs: 'postgres',
  },
  {
    id: 'rest',
    title: 'guarded, REST persistence API',
    ...fastauth('seen', 'rest'),
    goal: { ratio: 0.35 },
    needs: 'rest',
    block: 400,
  },
  floor('rest-floor', 'floor: a guard that sends the same API one request by undici', 'one-request', {
    needs: 'rest',
    block: 400,
  }),
  {
    id: 'mixed',
    title: 'guarded, memory store, another token in each request of a connection',
    ...fastauth('mixed'),
    goal: { ratio: 0.88, added: 5 },
  },
  { id: 'path-rule', title: 'guarded by a path rule, memory store', ...fastauth('path-rule') },
  { id: 'master', title: 'master route', ...fastauth('master'), goal: { added: 5 } },
  {
    id: 'first-sight',
    title: 'first sight of a token (HS256)',
    ...fastauth('first-sight', 'memory:', { settings: { verifiedTokenCacheSize: 1000 } }),
    goal: { times: { of: 'fast-jwt', most: 1.5 } },
  },
  {
    id: 'flood',
    title: 'flood of distinct invalid tokens',
    ...fastauth('flood'),
    goal: { added: 12 },
  },
  {
    id: 'flood-path',
    title: 'the same flood on a path rule',
    ...fastauth('flood', 'memory:', { byPath: true }),
    goal: { added: 12 },
  },
  floor('flood-floor', 'floor: a guard that looks at nothing and refuses', 'refusing-guard'),
  {
    id: 'issue',
    title: 'issue a pair, embedded, durable',
    ...fastauth('issue', 'lmdb', { posts: 2 }),
    goal: { added: 80 },
    block: 400,
  },
  floor(
    'issue-floor',
    'floor: two tokens signed by @nestjs/jwt, one record written durably',
    'sign-and-write',
    {
      options: { posts: 2 },
      block: 400,
    },
  ),
  {
    id: 'refresh',
    title: 'refresh a pair, embedded, durable',
    ...fastauth('refresh', 'lmdb', { posts: 320 }),
    goal: { added: 110 },
    block: 400,
  },
  peer('fast-jwt-cached', 'fast-jwt, its cache on', 'fast-jwt', { cached: true }),
  peer('fast-jwt', 'fast-jwt, uncached', 'fast-jwt', { cached: false }),
  peer('node-rs', '@node-rs/jsonwebtoken', 'node-rs-jsonwebtoken'),
  peer('jose', 'jose, `CryptoKey`', 'jose', undefined, { block: 400 }),
  peer('jwt-key', '@nestjs/jwt recipe, `KeyObject`', 'jwt-recipe', { keyObject: true }, { block: 400 }),
  peer('jwt-text', '@nestjs/jwt recipe, string secret', 'jwt-recipe', { keyObject: false }, { block: 100 }),
  peer('passport-key', 'passport-jwt, `KeyObject`', 'passport-jwt', { keyObject: true }, { block: 400 }),
  peer('passport-text', 'passport-jwt, string secret', 'passport-jwt', { keyObject: false }, { block: 100 }),
  peer('better-auth', 'better-auth, session check', 'better-auth', undefined, { block: 100 }),
];
