import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenService } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import {
  RULES,
  SCOPED_CONTROLLERS,
  SCOPED_ROUTES,
  type ScopedRoute,
  type Way,
} from '../support/scoped-routes.js';

/** What is sent, as the model below knows it. */
interface Sent {
  /** `false`: a bad one. */
  readonly access?: false | { readonly scopes: readonly string[]; readonly age: number };
  readonly master?: boolean;
}

const fresh = (...scopes: string[]) => ({ scopes, age: 1 });
const SENT: readonly Sent[] = [
  {},
  { access: fresh() },
  { access: fresh('a') },
  { access: fresh('b') },
  { access: fresh('c') },
  { access: fresh('a', 'b') },
  { access: fresh('c', 'b', 'a') },
  { access: fresh('A', 'ab', 'a:b') },
  { access: { scopes: ['a', 'b'], age: 61 } },
  { access: false },
  { master: true },
  { master: false },
  { master: true, access: fresh() },
  { master: true, access: fresh('a') },
  { master: true, access: fresh('b') },
  { master: true, access: false },
  { master: false, access: fresh('a', 'b') },
];

/** The status that a route answers, worked out from the contract and not from the code. */
function model({ ways, checksSent }: ScopedRoute, sent: Sent): 200 | 401 | 403 {
  if (checksSent && sent.access === false) return 401;
  if (ways.length === 0) return 200;
  const isPossible = ({ master, access }: Way): boolean =>
    (!master || sent.master !== undefined) && (!access || sent.access !== undefined);
  const possible = ways.filter(isPossible);
  const statuses = (possible.length > 0 ? possible : ways).map((way) => statusOf(way, sent));
  if (statuses.includes(200)) return 200;
  return statuses.includes(403) ? 403 : 401;
}

function statusOf({ master, access, scopes = [], maxAge = Infinity }: Way, sent: Sent): 200 | 401 | 403 {
  if (master && sent.master !== true) return 401;
  if (!access) return 200;
  if (!sent.access || sent.access.age > maxAge) return 401;
  const held = sent.access.scopes;
  return scopes.every((scope) => held.includes(scope)) ? 200 : 403;
}

describe.each(ADAPTERS)('routes by tokens on %s', (adapter) => {
  let app: TestApp;
  const headersOf = new Map<Sent, Record<string, string>>();
  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: SCOPED_CONTROLLERS,
      fastauth: { ...RULES, sessionsPerClient: 'unlimited', failedAttemptsPerAddress: 0 },
      fastifyOptions: {
        routerOptions: { caseSensitive: false, ignoreTrailingSlash: true },
      },
    });
    const tokens = app.app.get(TokenService);
    const ages = SENT.map(({ access }) => (access ? access.age : 0));
    // The oldest session first.
    for (const age of [...new Set(ages)].toSorted((one, other) => other - one)) {
      for (const sent of SENT.filter((_, n) => ages[n] === age)) {
        const { access, master } = sent;
        const token = access && (await tokens.issue({ clientId: 'c', scopes: access.scopes })).accessToken;
        headersOf.set(sent, {
          ...(access !== undefined && { authorization: `Bearer ${token || 'x.y.z'}` }),
          ...(master !== undefined && { 'master-token': master ? MASTER_TOKEN : 'wrong' }),
        });
      }
      app.clock.advance(age > 60 ? 60 : 1);
    }
  });
  afterAll(() => app.close());

  it('are forty and more', () => expect(SCOPED_ROUTES.length).toBeGreaterThanOrEqual(40));

  it.each(SCOPED_ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s',
    async (_name, route) => {
      const statuses: string[] = [];
      const expected: string[] = [];
      for (const sent of SENT) {
        const headers = headersOf.get(sent) ?? {};
        const { status } = await app.request(route.method, route.path, { headers });
        statuses.push(`${JSON.stringify(sent)}: ${status}`);
        expected.push(`${JSON.stringify(sent)}: ${model(route, sent)}`);
      }
      expect(statuses).toEqual(expected);
    },
  );
});
