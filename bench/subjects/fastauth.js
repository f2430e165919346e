import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessOnly, FastauthModule, MasterOnly, Scopes, TokenService } from '../../dist/index.js';
import { tampered } from '../lib/jwt-peer.js';
import { get, listen, post } from '../lib/nest-app.js';

const MASTER_TOKEN = 'master token of the benchmark, long enough';
const SCOPES = ['devices:read', 'devices:write'];

/**
 * The package itself.
 * @param {{ store: string, load: string, settings?: object }} options
 *   `load`: `open`, `seen`, `scoped`, `mixed`, `path-rule`, `first-sight`, `master`, `flood`, `issue` or `refresh`
 *   `byPath`: guarded by path rules instead of a decorator
 */
export async function start(
  framework,
  { store, load, byPath = load === 'open' || load === 'path-rule', settings = {} },
) {
  const folder = store === 'lmdb' ? mkdtempSync(join(tmpdir(), 'fastauth-bench-')) : undefined;
  if (folder) process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const app = await listen(framework, {
    imports: [
      FastauthModule.forRoot({
        configFile: false,
        envFile: false,
        // Its first number is the benchmark's, which removes what stays behind in Redis.
        appName: `bench-${process.ppid}-${process.pid}`,
        databaseUrl: folder ? `lmdb:${folder}` : store,
        masterToken: MASTER_TOKEN,
        cryptographyKey: 'a secret of the benchmark, thirty-two bytes or more',
        auditLog: 'off',
        storeTimeout: 10,
        clockTolerance: 0,
        // Every refusal is measured in full; with a limit, most of a flood would get 429 for less.
        failedAttemptsPerAddress: 0,
        failedAttemptsPerClient: 0,
        ...(byPath
          ? {
              accessTokenPaths: [load === 'open' ? '/access' : '/bench/whoami', '/devices/:id/state'],
              masterTokenPaths: ['/admin', '/metrics*'],
            }
          : {}),
        ...settings,
      }),
    ],
    decorators: byPath ? [] : load === 'master' ? [MasterOnly()] : [AccessOnly()],
    scoped: load === 'scoped' ? [Scopes(...SCOPES)] : undefined,
  });
  const tokens = app.get(TokenService);
  const whoami = (token) => get('/bench/whoami', { 'ACCESS-TOKEN': token });
  const issue = async (clientId, options) => (await tokens.issue({ clientId, ...options })).accessToken;
  const issueMany = async (count, options) => {
    const issued = [];
    while (issued.length < count) {
      const batch = Array.from({ length: 32 }, (_, index) =>
        issue(`client-${issued.length + index}`, options),
      );
      issued.push(...(await Promise.all(batch)));
    }
    return issued.slice(0, count);
  };

  const negatives = async (options) => {
    const superseded = await issue('superseded', options);
    await issue('superseded', options);
    const revoked = await issue('revoked', options);
    await tokens.revokeClient('revoked');
    const expired = await issue('expired', { ...options, accessTokenExpiresIn: 2 });
    return [
      { name: 'missing', request: get('/bench/whoami') },
      { name: 'tampered', request: whoami(tampered(await issue('good', options))) },
      { name: 'superseded', request: whoami(superseded) },
      { name: 'revoked', request: whoami(revoked) },
      { name: 'expired', request: whoami(expired), after: 3 },
    ];
  };
  const masterNegatives = [
    { name: 'missing', request: get('/bench/whoami') },
    { name: 'tampered', request: get('/bench/whoami', { 'MASTER-TOKEN': `${MASTER_TOKEN.slice(0, -1)}x` }) },
  ];

  const loads = {
    open: async () => ({ load: { requests: [get('/bench/whoami')] } }),
    seen: async () => ({
      load: { requests: (await issueMany(64)).map(whoami), perConnection: true },
      negatives: await negatives(),
    }),
    mixed: async () => ({
      load: { requests: (await issueMany(64)).map(whoami) },
      negatives: await negatives(),
    }),
    'path-rule': async () => loads.seen(),
    // The same tokens and connections on both routes.
    scoped: async () => {
      const options = { scopes: SCOPES };
      const issued = await issueMany(64, options);
      const scoped = (token) => get('/bench/scoped', { 'ACCESS-TOKEN': token });
      return {
        base: { requests: issued.map(whoami), perConnection: true },
        load: { requests: issued.map(scoped), perConnection: true },
        negatives: (await negatives(options)).map(({ request, ...rest }) => ({
          ...rest,
          request: request.replace('/bench/whoami', '/bench/scoped'),
        })),
      };
    },
    // More than the cache of verified tokens holds, in turn, so that no request finds its token there.
    'first-sight': async () => ({
      load: { requests: (await issueMany(4000)).map(whoami) },
      negatives: await negatives(),
    }),
    master: async () => ({
      load: { requests: [get('/bench/whoami', { 'MASTER-TOKEN': MASTER_TOKEN })] },
      negatives: masterNegatives,
    }),
    flood: async () => {
      const good = await issueMany(64);
      const [head, payload] = good[0].split('.');
      return {
        load: { requests: [whoami(`${head}.${payload}.${'A'.repeat(34)}$FLOODA`)], expect: 401, flood: 0 },
        negatives: await negatives(),
        calls: {
          good: () => good.map(whoami),
          cacheLookups: () => ({ ...tokens.cacheLookups }),
        },
      };
    },
    issue: async () => ({
      load: { requests: [post('/auth/token/new', {}, { 'MASTER-TOKEN': MASTER_TOKEN })] },
    }),
    refresh: async () => {
      const pairs = await Promise.all(
        Array.from({ length: 32 }, (_, index) => tokens.issue({ clientId: `c${index}` })),
      );
      return {
        load: {
          requests: [post('/auth/token/refresh', { refresh_token: '$CHAIN' })],
          chain: { member: 'refresh_token', values: pairs.map(({ refreshToken }) => refreshToken) },
        },
      };
    },
  };
  return { app, ...(await loads[load]()) };
}
