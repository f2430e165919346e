import { afterEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { importJwk } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { JwtCodec } from '../../src/tokens/codecs/jwt.codec.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';
import { forgeToken } from '../support/token-forgery.js';

const FORMATS = ['jwt', 'jwe', 'opaque'] as const;
type Pair = Awaited<ReturnType<TestApp['issue']>>;

describe.each(ADAPTERS)('revocation by a token, on %s', (adapter) => {
  let apps: TestApp[] = [];
  afterEach(async () => {
    for (const app of apps) await app.close();
    apps = [];
  });

  async function start(fastauth: Parameters<typeof startApp>[0]['fastauth'] = {}): Promise<TestApp> {
    const app = await startApp({ adapter, controllers: [RoutesController], fastauth });
    apps.push(app);
    return app;
  }
  const revoke = async (app: TestApp, token: string): Promise<number> =>
    (await app.post('/auth/token/revoke', { token })).status;
  const refresh = async (app: TestApp, { refresh_token }: Pair): Promise<Pair> =>
    (await app.post('/auth/token/refresh', { refresh_token })).body.data;
  const isGood = async (app: TestApp, { access_token }: Pair): Promise<boolean> =>
    (await app.get('/whoami', { 'ACCESS-TOKEN': access_token })).status === 200;

  describe.each(FORMATS)('%s', (tokenFormat) => {
    it.each(['access_token', 'refresh_token'] as const)(
      'ends the session by its first %s, three refreshes later, and every pair of it',
      async (presented) => {
        const app = await start({ tokenFormat });
        const pairs = [await app.issue('c')];
        for (let n = 0; n < 3; n++) pairs.push(await refresh(app, pairs.at(-1) as Pair));
        expect(await isGood(app, pairs[3] as Pair)).toBe(true);
        app.clock.advance(3600);
        expect(await revoke(app, (pairs[0] as Pair)[presented])).toBe(200);
        for (const pair of pairs) {
          expect(await isGood(app, pair)).toBe(false);
          const again = await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token });
          expect(again.status).toBe(401);
        }
      },
    );

    it('ends nothing by a token that has expired, and leaves other sessions alone', async () => {
      const app = await start({ tokenFormat, accessTokenExpiresIn: 60, sessionsPerClient: 2 });
      const [mine, other] = [await app.issue('c'), await app.issue('c')];
      const next = await refresh(app, mine);
      app.clock.advance(30);
      expect(await revoke(app, mine.access_token)).toBe(200);
      expect([await isGood(app, next), await isGood(app, other)]).toEqual([false, true]);
      app.clock.advance(36);
      expect(await revoke(app, other.access_token)).toBe(200);
      expect((await app.post('/auth/token/refresh', { refresh_token: other.refresh_token })).status).toBe(
        200,
      );
    });

    it('ends the session at a process whose clock is behind', async () => {
      const store = new MemoryTokenStore();
      const [ahead, behind] = [
        await start({ tokenFormat, store }),
        await start({ tokenFormat, store }),
      ] as const;
      ahead.clock.advance(6);
      for (const presented of ['access_token', 'refresh_token'] as const) {
        const pair = await ahead.issue(`by-${presented}`);
        expect(await isGood(behind, pair)).toBe(false);
        expect(await revoke(behind, pair[presented])).toBe(200);
        expect(await isGood(ahead, pair)).toBe(false);
      }
      ahead.clock.advance(3600);
      const pair = await ahead.issue('an-hour');
      expect(await revoke(behind, pair.access_token)).toBe(200);
      expect(await isGood(ahead, pair)).toBe(false);
    });
  });

  it('ends the session at a process that issues otherwise: another format, issuer and audience', async () => {
    const store = new MemoryTokenStore();
    const before = await start({ store, issuer: 'https://before.example', audience: 'before' });
    const after = await start({
      store,
      tokenFormat: 'opaque',
      issuer: 'https://after.example',
      audience: 'after',
    });
    for (const [issuing, revoking] of [
      [before, after],
      [after, before],
    ] as const) {
      const pair = await issuing.issue('c');
      expect(await isGood(revoking, pair)).toBe(false);
      expect(await revoke(revoking, pair.access_token)).toBe(200);
      expect(await isGood(issuing, pair)).toBe(false);
    }
  });

  it('ends nothing by a token that is forged, foreign, of another kind or of nobody', async () => {
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const key = importJwk({ ...jwk, alg: 'EdDSA' } as Parameters<typeof importJwk>[0]);
    const app = await start({
      foreignTokens: { key, until: new Date(Date.UTC(2040, 0, 1)), map: () => ({ clientId: 'c' }) },
    });
    const pair = await app.issue('c');
    const claims = JSON.parse(
      Buffer.from(pair.access_token.split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    const foreign = new JwtCodec(new ActiveKeyRing(new KeyRing([key])), { accessTokenProfile: 'default' });
    const header = { alg: 'HS256', typ: 'JWT' };
    const tokens = [
      forgeToken(header, claims, { secret: 'another secret of thirty-two bytes or more' }),
      await foreign.sign(claims),
      ...[
        { type: 'id' },
        { type: undefined },
        { exp: undefined },
        { exp: 1e308 },
        { exp: '9999999999' },
        { client_id: undefined },
        { client_id: 'd' },
        { client_id: ['c'] },
        { fam: undefined },
        { fam: 'other' },
        { fam: [claims['fam']] },
        { fam: null },
      ].map((change) => forgeToken(header, { ...claims, ...change })),
      `${pair.access_token}A`,
      `${pair.access_token.slice(0, -2)}AA`,
      'x'.repeat(9000),
    ];
    for (const token of tokens) expect(await revoke(app, token)).toBe(200);
    expect(await isGood(app, pair)).toBe(true);
  });
});
