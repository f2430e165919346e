import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import {
  AccessOnly,
  CurrentPrincipal,
  MemoryTokenStore,
  type Principal,
  Public,
  Scopes,
  StoreUnavailableError,
  TokenService,
} from '../../src/index.js';
import { MASTER_TOKEN } from '../support/app.js';
import {
  GRAPHQL_DRIVERS,
  type GraphqlApp,
  type GraphqlError,
  startGraphqlApp,
} from '../support/graphql-app.js';

/** Says something at once, and then nothing until it is ended. */
function saying(field: string, text: string): AsyncIterableIterator<Record<string, string>> {
  let end: ((result: IteratorResult<never>) => void) | undefined;
  let hasSaid = false;
  const done = { done: true, value: undefined } as const;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      if (hasSaid) return new Promise((resolve) => (end = resolve as typeof end));
      hasSaid = true;
      return Promise.resolve({ done: false, value: { [field]: text } });
    },
    return() {
      end?.(done);
      return Promise.resolve(done);
    },
  };
}

@Resolver()
class Ticks {
  @Query(() => String)
  hello() {
    return 'hello';
  }

  @AccessOnly()
  @Subscription(() => String)
  mine(@CurrentPrincipal() principal: unknown) {
    return saying('mine', String((principal as Principal).clientId));
  }

  @Public()
  @Subscription(() => String)
  open() {
    return saying('open', 'open');
  }

  @Scopes('ticks:all')
  @Subscription(() => String)
  all() {
    return saying('all', 'all');
  }
}

interface Pair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface Outcome {
  readonly data?: Record<string, string> | null | undefined;
  readonly errors?: readonly GraphqlError[];
  /** Code and reason. */
  readonly closed?: string;
  /** Resolves when the connection is closed. */
  readonly closing: Promise<string>;
  dispose(): Promise<void>;
}

/** Subscribes to one field, and waits for its first value, its refusal, or the end of the connection. */
async function subscribe(
  url: string,
  field: string,
  connectionParams?: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Outcome> {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: class extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { headers });
      }
    },
    retryAttempts: 0,
    lazy: true,
    ...(connectionParams && { connectionParams }),
  });
  const closing = new Promise<string>((resolve) =>
    client.on('closed', (event) => {
      const { code, reason } = event as { code: number; reason: string };
      resolve(`${code} ${reason}`);
    }),
  );
  const said = new Promise<Omit<Outcome, 'closing' | 'dispose'>>((resolve) => {
    client.subscribe<Record<string, string>>(
      { query: `subscription { ${field} }` },
      {
        next: ({ data, errors }) => resolve({ data, ...(errors && { errors: errors as never }) }),
        error: (error) => {
          if (Array.isArray(error)) resolve({ errors: error as GraphqlError[] });
        },
        complete: () => undefined,
      },
    );
  });
  const outcome = await Promise.race([said, closing.then((closed) => ({ closed }))]);
  return { ...outcome, closing, dispose: async () => client.dispose() };
}

describe.each(GRAPHQL_DRIVERS)('subscriptions over graphql-ws: $name', (driver) => {
  let app: GraphqlApp;
  let tokens: TokenService;
  beforeAll(async () => {
    app = await startGraphqlApp(driver, { providers: [Ticks], fastauth: { sessionsPerClient: 'unlimited' } });
    tokens = app.app.get(TokenService);
  });
  afterAll(() => app.close());

  const issue = (scopes: string[] = []) => tokens.issue({ clientId: 'ada', scopes });
  const verdict = async (...args: [string, Record<string, unknown>?, Record<string, string>?]) => {
    const { closing: _closing, dispose, ...outcome } = await subscribe(app.url, ...args);
    await dispose();
    return outcome;
  };

  it.each<[string, (token: string) => Record<string, unknown>]>([
    ['Authorization', (token) => ({ Authorization: `Bearer ${token}` })],
    ['authorization', (token) => ({ authorization: `bearer ${token}` })],
    ['ACCESS-TOKEN', (token) => ({ 'ACCESS-TOKEN': token })],
    ['access-token', (token) => ({ 'access-token': token })],
  ])('a token in connectionParams as %s', async (_name, paramsOf) => {
    const { accessToken } = await issue();
    expect(await verdict('mine', paramsOf(accessToken))).toEqual({ data: { mine: 'ada' } });
  });

  it('a token in the headers of the upgrade', async () => {
    const { accessToken } = await issue();
    expect(await verdict('mine', undefined, { 'ACCESS-TOKEN': accessToken })).toEqual({
      data: { mine: 'ada' },
    });
  });

  it('without a token open subscriptions are, and others are refused alone', async () => {
    expect(await verdict('open')).toEqual({ data: { open: 'open' } });
    const { errors } = await verdict('mine');
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'UNAUTHENTICATED',
      fastauth: { code: 'missing_token' },
    });
  });

  it('a scope that is missing', async () => {
    const few = await issue();
    const { errors } = await verdict('all', { 'ACCESS-TOKEN': few.accessToken });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'FORBIDDEN',
      fastauth: { code: 'insufficient_scope' },
    });
    const all = await issue(['ticks:all']);
    expect(await verdict('all', { 'ACCESS-TOKEN': all.accessToken })).toEqual({ data: { all: 'all' } });
  });

  it('credentials that are sent must be good: 4401 with the code', async () => {
    const pair = await issue();
    for (const [params, code] of [
      [{ 'ACCESS-TOKEN': 'nonsense' }, 'invalid_token'],
      [{ 'ACCESS-TOKEN': pair.refreshToken }, 'wrong_token_type'],
      [{ 'MASTER-TOKEN': 'not the master' }, 'invalid_token'],
      [{ 'ACCESS-TOKEN': pair.accessToken, Authorization: `Bearer ${pair.accessToken}` }, 'invalid_request'],
      [{ 'ACCESS-TOKEN': pair.accessToken, 'access-token': pair.accessToken }, 'invalid_request'],
      [{ 'ACCESS-TOKEN': 7 }, 'invalid_request'],
    ] as const) {
      expect(await verdict('open', params)).toEqual({ closed: `4401 ${code}` });
    }
    const headers = { authorization: `Bearer ${pair.accessToken}` };
    expect(await verdict('open', { 'ACCESS-TOKEN': pair.accessToken }, headers)).toEqual({
      closed: '4401 invalid_request',
    });
    expect(await verdict('open', { 'MASTER-TOKEN': MASTER_TOKEN })).toEqual({ data: { open: 'open' } });
  });

  it('beside one that is good, a bad one counts as none', async () => {
    const { accessToken } = await issue();
    expect(await verdict('mine', { 'ACCESS-TOKEN': accessToken, 'MASTER-TOKEN': 'not the master' })).toEqual({
      data: { mine: 'ada' },
    });
    const { errors } = await verdict('mine', { 'ACCESS-TOKEN': 'nonsense', 'MASTER-TOKEN': MASTER_TOKEN });
    expect(errors?.[0]?.extensions).toMatchObject({ fastauth: { code: 'invalid_token' } });
  });

  it('a connection ends within a second of its token: revoked, refreshed, expired', async () => {
    for (const [end, code] of [
      [({ accessToken }: Pair) => tokens.revokeToken(accessToken), 'session_revoked'],
      [({ refreshToken }: Pair) => tokens.refresh(refreshToken), 'token_superseded'],
      [async () => app.clock.advance(400 * 24 * 3600), 'token_expired'],
    ] as const) {
      const pair = await tokens.issue({ clientId: `of ${code}` });
      const { data, closing, dispose } = await subscribe(app.url, 'mine', {
        'ACCESS-TOKEN': pair.accessToken,
      });
      expect(data).toEqual({ mine: `of ${code}` });
      const begun = performance.now();
      await end(pair);
      expect(await closing).toBe(`4401 ${code}`);
      expect(performance.now() - begun).toBeLessThan(1000);
      await dispose();
    }
  });

  it('a second first message is not heard', async () => {
    const { accessToken } = await issue();
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await new Promise((resolve) => socket.once('open', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send(JSON.stringify({ type: 'connection_init', payload: {} }));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { 'ACCESS-TOKEN': accessToken } }));
    await closed;
  });

  it('a path rule is asked of the first message, so that pages can meet it', async () => {
    const ruled = await startGraphqlApp(driver, {
      providers: [Ticks],
      fastauth: { accessTokenPaths: ['/graphql'] },
    });
    try {
      const { access_token } = await ruled.issue('ada');
      for (const [params, headers, outcome] of [
        [{ 'ACCESS-TOKEN': access_token }, {}, { data: { open: 'open' } }],
        [undefined, { 'ACCESS-TOKEN': access_token }, { data: { open: 'open' } }],
        [undefined, {}, { closed: '4401 missing_token' }],
      ] as const) {
        const { closing: _closing, dispose, ...got } = await subscribe(ruled.url, 'open', params, headers);
        expect(got).toEqual(outcome);
        await dispose();
      }
    } finally {
      await ruled.close();
    }
  });

  it.each(['access', 'master'] as const)(
    'default-access "%s" is asked of the first message, unless the endpoint is in public-paths',
    async (defaultAccess) => {
      const closed = await startGraphqlApp(driver, { providers: [Ticks], fastauth: { defaultAccess } });
      const opened = await startGraphqlApp(driver, {
        providers: [Ticks],
        fastauth: { defaultAccess, publicPaths: ['/graphql'] },
      });
      try {
        const { accessToken } = await closed.app.get(TokenService).issue({ clientId: 'ada' });
        const good =
          defaultAccess === 'access' ? { 'ACCESS-TOKEN': accessToken } : { 'MASTER-TOKEN': MASTER_TOKEN };
        for (const [url, params, outcome] of [
          [closed.url, undefined, { closed: '4401 missing_token' }],
          [closed.url, good, { data: { open: 'open' } }],
          [opened.url, undefined, { data: { open: 'open' } }],
        ] as const) {
          const { closing: _closing, dispose, ...got } = await subscribe(url, 'open', params);
          expect(got).toEqual(outcome);
          await dispose();
        }
      } finally {
        await closed.close();
        await opened.close();
      }
    },
  );

  it('a good token that lacks what a path rule asks: 4403', async () => {
    const fastauth = { accessTokenPaths: [{ path: '/graphql', scopes: ['graph'] }] };
    const ruled = await startGraphqlApp(driver, { providers: [Ticks], fastauth });
    try {
      const service = ruled.app.get(TokenService);
      for (const [scopes, outcome] of [
        [[], { closed: '4403 insufficient_scope' }],
        [['graph'], { data: { open: 'open' } }],
      ] as const) {
        const { accessToken } = await service.issue({ clientId: 'ada', scopes });
        const {
          closing: _,
          dispose,
          ...got
        } = await subscribe(ruled.url, 'open', { 'ACCESS-TOKEN': accessToken });
        expect(got).toEqual(outcome);
        await dispose();
      }
    } finally {
      await ruled.close();
    }
  });

  it('a page of another origin: 4403, whatever its token', async () => {
    const fastauth = { websocketOrigins: ['https://app.example.com'] };
    const ours = await startGraphqlApp(driver, { providers: [Ticks], fastauth });
    try {
      const { access_token } = await ours.issue('ada');
      for (const [origin, outcome] of [
        ['https://evil.example.com', { closed: '4403 origin_not_allowed' }],
        ['https://app.example.com', { data: { mine: 'ada' } }],
      ] as const) {
        const params = { 'ACCESS-TOKEN': access_token };
        const { closing: _, dispose, ...got } = await subscribe(ours.url, 'mine', params, { origin });
        expect(got).toEqual(outcome);
        await dispose();
      }
    } finally {
      await ours.close();
    }
  });

  it('a store that does not answer: 1013', async () => {
    class FailingStore extends MemoryTokenStore {
      isDown = false;
      override find(...args: Parameters<MemoryTokenStore['find']>) {
        if (this.isDown) throw new StoreUnavailableError();
        return super.find(...args);
      }
    }
    const store = new FailingStore();
    const failing = await startGraphqlApp(driver, { providers: [Ticks], fastauth: { store } });
    try {
      const { access_token } = await failing.issue('ada');
      store.isDown = true;
      const { closed, dispose } = await subscribe(failing.url, 'mine', { 'ACCESS-TOKEN': access_token });
      expect(closed).toBe('1013 store_unavailable');
      await dispose();
      // What needs no token is not slowed, and a bad one is none of the store's.
      expect((await subscribe(failing.url, 'open')).data).toEqual({ open: 'open' });
      expect((await subscribe(failing.url, 'mine', { 'ACCESS-TOKEN': 'x.y.z' })).closed).toBe(
        '4401 invalid_token',
      );
    } finally {
      await failing.close();
    }
  });
});
