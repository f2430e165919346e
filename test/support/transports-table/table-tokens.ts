import { generateKeyPairSync } from 'node:crypto';
import { TokenService } from '../../../src/index.js';
import { MASTER_TOKEN, SECRET, type TestApp } from '../app.js';
import { base64url, forgeToken, tokenParts } from '../token-forgery.js';

export const NAMED_MASTERS = {
  ops: 'named-master-token-of-the-operators',
  night: 'named-master-token-of-the-night-shift',
  gone: 'named-master-token-of-somebody-who-left',
} as const;

/** Seconds after which a login is too old for what asks for a fresh one. */
export const FRESH_FOR = 300;

/** Every token that a row of the table is made of, good and bad. */
export type TableTokens = Awaited<ReturnType<typeof makeTableTokens>>;

/** Issues them in an application, whose clock they move. */
export async function makeTableTokens({ app, clock }: Pick<TestApp, 'app' | 'clock'>) {
  const service = app.get(TokenService);
  const issue = async (clientId: string, ...scopes: string[]) => service.issue({ clientId, scopes });

  const stale = await issue('stale');
  const staleRefreshed = await issue('stale-refreshed');
  const expired = await service.issue({ clientId: 'expired', accessTokenExpiresIn: 60 });
  clock.advance(FRESH_FOR + 1);
  const { accessToken: staleAfterRefresh } = await service.refresh(staleRefreshed.refreshToken);

  const superseded = await issue('superseded');
  await service.refresh(superseded.refreshToken);
  const revoked = await issue('revoked');
  await service.revokeToken(revoked.refreshToken);
  const replaced = await issue('replaced');
  await issue('replaced');
  const { accessToken: good, refreshToken } = await issue('good');
  const { header, payload } = tokenParts(good);
  const claims = JSON.parse(payload) as Record<string, unknown>;
  const [, payloadPart = '', signaturePart = ''] = good.split('.');
  const withScopes = async (...scopes: string[]) =>
    (await issue(`scopes ${scopes.join(' ')}`, ...scopes)).accessToken;
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

  return {
    good,
    otherGood: (await issue('other')).accessToken,
    refreshToken,
    stale: stale.accessToken,
    staleAfterRefresh,
    expired: expired.accessToken,
    superseded: superseded.accessToken,
    revoked: revoked.accessToken,
    replaced: replaced.accessToken,
    reads: await withScopes('table:read'),
    readsAndWrites: await withScopes('table:write', 'table:read'),
    hasMore: await withScopes('table:read', 'table:write', 'table:more'),
    near: await withScopes('table:reads', 'Table:write'),
    administers: await withScopes('table:admin'),
    wrongType: forgeToken(header, { ...claims, type: 'id' }),
    noType: forgeToken(header, { ...claims, type: undefined }),
    noClient: forgeToken(header, { ...claims, client_id: undefined }),
    noExpiry: forgeToken(header, { ...claims, exp: undefined }),
    notYet: forgeToken(header, { ...claims, nbf: clock.seconds + 3600 }),
    forgedSignature: `${good.slice(0, -4)}${good.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`,
    otherPayload: good.replace(payloadPart, base64url({ ...claims, client_id: 'somebody' })),
    noSignature: good.slice(0, -signaturePart.length),
    algorithmNone: `${base64url({ alg: 'none', typ: 'JWT' })}.${payloadPart}.`,
    otherAlgorithm: forgeToken({ alg: 'HS512', typ: 'JWT' }, payload, { hash: 'sha512' }),
    publicKeyAsSecret: forgeToken({ alg: 'HS256', typ: 'JWT' }, payload, {
      secret: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    }),
    otherKey: forgeToken(header, payload, { secret: `${SECRET} of another application` }),
    otherApplication: forgeToken(header, { ...claims, client_id: 'unheard-of', jti: 'unheard-of' }),
    truncated: good.slice(0, -2),
    oversized: `${good}${'A'.repeat(8192)}`,
    nonAscii: `${good}é`,
    master: MASTER_TOKEN,
    ...NAMED_MASTERS,
  };
}
