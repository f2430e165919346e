import { afterEach, describe, expect, it } from '@jest/globals';
import type { FastauthOptions } from '../../src/config/fastauth-options.js';
import { ConfigError, StoreUnavailableError } from '../../src/errors.js';
import type { JsonObject } from '../../src/json.js';
import { importSecret } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import type { ForeignTokens } from '../../src/tokens/foreign-tokens.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';
import { forgeToken } from '../support/token-forgery.js';

const OLD = 'the first cryptography-key, thirty-two bytes or more';
const NEW = 'the second cryptography-key, thirty-two bytes or more';
const THEIRS = 'the secret of the application before, thirty-two bytes';
const DAY = 24 * 60 * 60;

const accepting = (
  secret: string,
  map: ForeignTokens['map'] = ({ client_id: id, sub }) => ({ clientId: String(id ?? sub) }),
) => ({
  key: importSecret(secret),
  until: new Date(Date.UTC(2040, 0, 1)),
  map,
});

/** A store whose backend can be away. */
class StrollingStore extends MemoryTokenStore {
  isAway = false;

  override async keyUse(now: number) {
    if (this.isAway) throw new StoreUnavailableError();
    return super.keyUse(now);
  }
}

describe.each(ADAPTERS)('foreign tokens, on %s', (adapter) => {
  let apps: TestApp[] = [];
  afterEach(async () => {
    for (const app of apps) await app.close();
    apps = [];
  });

  async function start(
    fastauth: FastauthOptions & { store?: MemoryTokenStore; foreignTokens?: ForeignTokens },
  ): Promise<TestApp> {
    const app = await startApp({ adapter, controllers: [RoutesController], fastauth });
    apps.push(app);
    return app;
  }
  const signed = (payload: JsonObject, secret = THEIRS): string =>
    forgeToken({ alg: 'HS256', typ: 'JWT' }, payload, { secret });
  const whoami = (app: TestApp, token: string) => app.get('/whoami', { 'ACCESS-TOKEN': token });

  it('are none of ours whose key was handed on: not the current, the revoked, the refresh token', async () => {
    const store = new MemoryTokenStore();
    const before = await start({ store, cryptographyKey: OLD, sessionsPerClient: 10 });
    const [live, revoked] = [await before.issue('c'), await before.issue('c')];
    await before.post('/auth/token/revoke', { token: revoked.access_token });
    // With a live session of that key the application does not start,
    await expect(start({ store, cryptographyKey: NEW, foreignTokens: accepting(OLD) })).rejects.toThrow(
      /foreignTokens\.key is a key that sessions were signed with/,
    );
    // and without one its tokens are still ours.
    await before.post('/auth/token/revoke', { token: live.access_token });
    const after = await start({ store, cryptographyKey: NEW, foreignTokens: accepting(OLD) });
    for (const token of [live, revoked].flatMap((pair) => [pair.access_token, pair.refresh_token])) {
      expect((await whoami(after, token)).status).toBe(401);
      expect((await after.post('/auth/token/refresh', { refresh_token: token })).status).toBe(401);
    }
  });

  it.each<[string, JsonObject, number]>([
    ['what others issued', { sub: 'c' }, 200],
    ['a type of their own', { sub: 'c', type: 'bearer' }, 200],
    ['a token of the Python original', { client_id: 'c', type: 'access' }, 401],
    ['its refresh token', { client_id: 'c', type: 'refresh' }, 401],
    ['a family', { sub: 'c', fam: 'f' }, 401],
    ['a family that is null', { sub: 'c', fam: null }, 401],
    ['a generation', { sub: 'c', gen: 0 }, 401],
  ])('%s: %j is %d', async (_what, payload, status) => {
    const app = await start({ foreignTokens: accepting(THEIRS) });
    const token = signed({ ...payload, exp: app.clock.seconds + 60 });
    expect((await whoami(app, token)).status).toBe(status);
  });

  it('are 503 while nobody knows whether their key was one of ours, and refused when it was', async () => {
    const store = new StrollingStore();
    store.isAway = true;
    const app = await start({ store, foreignTokens: accepting(THEIRS) });
    const token = signed({ sub: 'c', exp: app.clock.seconds + DAY });
    const answer = await whoami(app, token);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    store.isAway = false;
    expect((await whoami(app, token)).status).toBe(200);

    const shared = new StrollingStore();
    await (await start({ store: shared, cryptographyKey: OLD })).issue('c');
    shared.isAway = true;
    const late = await start({ store: shared, cryptographyKey: NEW, foreignTokens: accepting(OLD) });
    shared.isAway = false;
    expect((await whoami(late, signed({ sub: 'c', exp: late.clock.seconds + DAY }, OLD))).status).toBe(401);
  });

  it('are refused once their key comes into the ring', async () => {
    const store = new MemoryTokenStore();
    const keys = [{ kid: 'own', secret: NEW, status: 'signing' as const }];
    const app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: {
        store,
        cryptographyKey: undefined,
        keyProvider: { load: async () => keys },
        foreignTokens: accepting(THEIRS),
      },
    });
    apps.push(app);
    const token = signed({ sub: 'c', exp: app.clock.seconds + DAY });
    expect((await whoami(app, token)).status).toBe(200);
    app.app
      .get(ActiveKeyRing)
      .replace(new KeyRing([importSecret(NEW), { ...importSecret(THEIRS), status: 'verify-only' }]));
    expect((await whoami(app, token)).status).toBe(401);
  });

  it('may not have a key of the ring, and the error says what to do', async () => {
    const starting = start({ cryptographyKey: OLD, foreignTokens: accepting(OLD) });
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(/"verify-only" until .* shows no session on it/);
  });

  it('do not freeze what the mapper keeps, nor let a handler change it', async () => {
    const kept = { roles: ['user'] };
    const app = await start({ foreignTokens: accepting(THEIRS, () => ({ clientId: 'c', claims: kept })) });
    const token = signed({ sub: 'c', exp: app.clock.seconds + 60 });
    expect((await whoami(app, token)).status).toBe(200);
    expect(Object.isFrozen(kept) || Object.isFrozen(kept.roles)).toBe(false);
  });
});
