import { type ExecutionContext, createParamDecorator, Injectable, Scope } from '@nestjs/common';
import { Args, Field, Mutation, ObjectType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessOnly,
  AnyOf,
  CurrentPrincipal,
  Fresh,
  MasterOnly,
  OptionalAccess,
  type Principal,
  principalOf,
  Public,
  Scopes,
  TokenService,
} from '../../src/index.js';
import { AccessTokens } from '../../src/tokens/access-tokens.js';
import { MASTER_TOKEN } from '../support/app.js';
import {
  codesOf,
  GRAPHQL_DRIVERS,
  type GraphqlAnswer,
  type GraphqlApp,
  startGraphqlApp,
} from '../support/graphql-app.js';
import { KeepingSink } from '../support/observers.js';

const Who = createParamDecorator((_: undefined, context: ExecutionContext) => principalOf(context)?.clientId);

@ObjectType()
class Device {
  @Field()
  name!: string;
}

@Resolver(() => Device)
class DeviceResolver {
  @Public()
  @Query(() => Device)
  device() {
    return { name: 'lamp' };
  }

  @Scopes('devices:secrets')
  @ResolveField(() => String, { nullable: true })
  secret(@Parent() { name }: Device) {
    return `secret of ${name}`;
  }

  @Public()
  @ResolveField(() => String)
  label(@Parent() { name }: Device) {
    return `label of ${name}`;
  }
}

@Resolver()
class Greetings {
  @Public()
  @Query(() => String)
  open() {
    return 'open';
  }

  @Query(() => String)
  plain() {
    return 'plain';
  }

  @AccessOnly()
  @Query(() => String, { nullable: true })
  async me(@CurrentPrincipal() principal: unknown, @Who() who: string) {
    return `${(principal as Principal).clientId} ${who}`;
  }

  @MasterOnly()
  @Query(() => String, { nullable: true })
  master() {
    return 'master';
  }

  @AccessOnly()
  @MasterOnly()
  @Query(() => String, { nullable: true })
  both() {
    return 'both';
  }

  @AnyOf(MasterOnly(), Scopes('fleet:admin'))
  @Query(() => String, { nullable: true })
  any() {
    return 'any';
  }

  @Fresh(60)
  @Query(() => String, { nullable: true })
  fresh() {
    return 'fresh';
  }

  @OptionalAccess()
  @Query(() => String, { nullable: true })
  optional(@CurrentPrincipal() principal: unknown) {
    return (principal as Principal | undefined)?.clientId ?? 'nobody';
  }

  @Scopes('devices:write')
  @Mutation(() => String, { nullable: true })
  rename(@Args('name') name: string) {
    return name;
  }
}

class Inherited {
  @AccessOnly()
  @Query(() => String, { nullable: true })
  inherited() {
    return 'inherited';
  }

  @AccessOnly()
  overridden(): string {
    return 'base';
  }
}

@Resolver()
class Heir extends Inherited {
  @Query(() => String, { nullable: true })
  override overridden() {
    return 'overridden';
  }
}

/** As a tracer might: another function in the place of the method. */
function Wrapped(): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor) => {
    const method = descriptor.value as (...args: unknown[]) => unknown;
    const wrapper = function (this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    };
    for (const key of Reflect.getMetadataKeys(method))
      Reflect.defineMetadata(key, Reflect.getMetadata(key, method), wrapper);
    descriptor.value = wrapper;
  };
}

@Resolver()
class Wrapping {
  @Wrapped()
  @AccessOnly()
  @Query(() => String, { nullable: true })
  wrapped() {
    return 'wrapped';
  }
}

@Injectable({ scope: Scope.REQUEST })
class Visit {}

@Resolver()
@AccessOnly()
class Visits {
  constructor(readonly visit: Visit) {
    // Another function for each request, whose name lies.
    this.visited = this.everybody.bind(this) as never;
  }

  @Query(() => String, { nullable: true })
  visited() {
    return 'visited';
  }

  @Public()
  @Query(() => String, { nullable: true })
  everybody() {
    return 'everybody';
  }
}

@Resolver()
@MasterOnly()
class Boss {
  @Query(() => String, { nullable: true })
  boss() {
    return 'boss';
  }

  @Public()
  @Query(() => String, { nullable: true })
  lobby() {
    return 'lobby';
  }
}

const providers = [DeviceResolver, Greetings, Heir, Wrapping, Visit, Visits, Boss];

describe.each(GRAPHQL_DRIVERS)('GraphQL: $name', (driver) => {
  describe('queries and mutations', () => {
    let app: GraphqlApp;
    let tokens: TokenService;
    const auditSink = new KeepingSink();
    let ada: Record<string, string>;

    beforeAll(async () => {
      app = await startGraphqlApp(driver, {
        providers,
        fastauth: { sessionsPerClient: 'unlimited', auditSink },
      });
      tokens = app.app.get(TokenService);
      ada = await bearer('ada');
    });
    afterAll(() => app.close());

    const bearer = async (clientId: string, ...scopes: string[]) => {
      const { accessToken } = await tokens.issue({ clientId, scopes });
      return { authorization: `Bearer ${accessToken}` };
    };
    const master = { 'MASTER-TOKEN': MASTER_TOKEN };

    it('what is @Public() or has no decorator is open', async () => {
      expect((await app.ask('{ open plain lobby everybody optional }')).data).toEqual({
        open: 'open',
        plain: 'plain',
        lobby: 'lobby',
        everybody: 'everybody',
        optional: 'nobody',
      });
    });

    it.each([
      ['me', 'UNAUTHENTICATED missing_token'],
      ['both', 'UNAUTHENTICATED missing_token'],
      ['any', 'UNAUTHENTICATED missing_token'],
      ['fresh', 'UNAUTHENTICATED missing_token'],
      ['boss', 'UNAUTHENTICATED missing_token'],
      ['inherited', 'UNAUTHENTICATED missing_token'],
      ['overridden', 'UNAUTHENTICATED missing_token'],
      ['wrapped', 'UNAUTHENTICATED missing_token'],
      ['visited', 'UNAUTHENTICATED missing_token'],
      ['device { secret }', 'UNAUTHENTICATED missing_token'],
    ])('{ %s } needs a token', async (field, codes) => {
      const answer = await app.ask(`{ ${field} }`);
      expect(codesOf(answer)).toEqual([codes]);
      expect(JSON.stringify(answer.data ?? null)).not.toMatch(/:"/);
    });

    it.each([
      ['me', 'ada ada'],
      ['fresh', 'fresh'],
      ['optional', 'ada'],
      ['inherited', 'inherited'],
      ['overridden', 'overridden'],
      ['wrapped', 'wrapped'],
      ['visited', 'everybody'],
    ])('{ %s } with a token', async (field, value) => {
      expect(await app.ask(`{ ${field} }`, ada)).toMatchObject({ data: { [field]: value }, errors: [] });
      const { authorization: token = '' } = ada;
      const other = await app.ask(`{ ${field} }`, { 'ACCESS-TOKEN': token.slice(7) });
      expect(other).toMatchObject({ data: { [field]: value }, errors: [] });
    });

    it('the master token opens what it alone opens', async () => {
      expect(await app.ask('{ master boss any }', master)).toMatchObject({
        data: { master: 'master', boss: 'boss', any: 'any' },
        errors: [],
      });
      expect(codesOf(await app.ask('{ both me }', master))).toEqual([
        'UNAUTHENTICATED missing_token',
        'UNAUTHENTICATED missing_token',
      ]);
      expect(codesOf(await app.ask('{ both }', { ...master, ...ada }))).toEqual([]);
    });

    it('scopes: FORBIDDEN insufficient_scope, which names them', async () => {
      const answer = await app.ask('mutation { rename(name: "x") }', ada);
      expect(codesOf(answer)).toEqual(['FORBIDDEN insufficient_scope']);
      expect(answer.errors[0]?.extensions?.fastauth).toMatchObject({ scope: 'devices:write' });
      const writer = await bearer('ada', 'devices:write');
      expect((await app.ask('mutation { rename(name: "x") }', writer)).data).toEqual({ rename: 'x' });
    });

    it('a field resolver is refused alone', async () => {
      const answer = await app.ask('{ device { name label secret } open }', ada);
      expect(answer.data).toEqual({
        device: { name: 'lamp', label: 'label of lamp', secret: null },
        open: 'open',
      });
      expect(answer.errors).toMatchObject([
        { path: ['device', 'secret'], extensions: { code: 'FORBIDDEN' } },
      ]);
      const reader = await bearer('ada', 'devices:secrets');
      expect((await app.ask('{ device { secret } }', reader)).data).toEqual({
        device: { secret: 'secret of lamp' },
      });
    });

    it('an open field beside a guarded one is answered', async () => {
      const answer = await app.ask('{ open me }');
      expect([answer.data, codesOf(answer)]).toEqual([
        { open: 'open', me: null },
        ['UNAUTHENTICATED missing_token'],
      ]);
    });

    it('a token that was not asked for and is bad closes nothing but @OptionalAccess()', async () => {
      const answer = await app.ask('{ open optional }', { authorization: 'Bearer nonsense' });
      expect([answer.data, codesOf(answer)]).toEqual([
        { open: 'open', optional: null },
        ['UNAUTHENTICATED invalid_token'],
      ]);
    });

    it('the token is verified once a request, however many resolvers ask', async () => {
      const verified = countVerifications(app);
      await app.ask('{ me a: me b: me fresh inherited any device { secret } }', ada);
      expect(verified()).toBe(1);
      const answer = await app.ask('{ me a: me b: me fresh inherited }', {
        authorization: 'Bearer nonsense',
      });
      expect(codesOf(answer)).toEqual(Array(5).fill('UNAUTHENTICATED invalid_token'));
      expect(verified()).toBe(2);
    });

    it('refusals say which event is theirs, and hint at likely mistakes', async () => {
      const { refreshToken } = await tokens.issue({ clientId: 'ada' });
      const sent = { 'X-Request-Id': 'of-this-request', 'ACCESS-TOKEN': refreshToken };
      let answer: GraphqlAnswer | undefined;
      const [record] = await auditSink.during(async () => (answer = await app.ask('{ me }', sent)));
      expect(record).toMatchObject({ type: 'access.denied', correlationId: 'of-this-request' });
      expect(answer?.errors[0]?.extensions?.fastauth).toEqual({
        code: 'wrong_token_type',
        requestId: 'of-this-request',
        hint: expect.stringContaining('refresh endpoint') as unknown,
      });
      const [made] = await auditSink.during(async () => (answer = await app.ask('{ me }')));
      expect(answer?.errors[0]?.extensions?.fastauth).toEqual({
        code: 'missing_token',
        requestId: made?.correlationId,
      });
    });

    it('aliases of one refused field are one line in the audit trail', async () => {
      const fields = Array.from({ length: 50 }, (_, n) => `f${n}: me`);
      const records = await auditSink.during(async () => {
        expect((await app.ask(`{ ${fields.join(' ')} }`)).errors).toHaveLength(50);
      });
      expect(records).toMatchObject([{ type: 'access.denied', code: 'missing_token', path: '/graphql' }]);
    });

    it('batched queries are decided one by one', async () => {
      const { body } = await app.post('/graphql', [{ query: '{ open }' }, { query: '{ me }' }]);
      expect(body[0]).toEqual({ data: { open: 'open' } });
      expect(codesOf({ errors: body[1].errors })).toEqual(['UNAUTHENTICATED missing_token']);
      const { body: good } = await app.post('/graphql', [{ query: '{ me }' }, { query: '{ me }' }], ada);
      expect(good).toEqual([{ data: { me: 'ada ada' } }, { data: { me: 'ada ada' } }]);
    });

    it('introspection belongs to the endpoint, and no resolver is asked', async () => {
      const answer = await app.ask('{ __schema { queryType { name } } __typename }');
      expect(answer.data).toEqual({ __schema: { queryType: { name: 'Query' } }, __typename: 'Query' });
    });

    it('a query by GET is guarded as well', async () => {
      const { body } = await app.get('/graphql?query={me}', { 'apollo-require-preflight': '1' });
      expect(codesOf(body)).toEqual(['UNAUTHENTICATED missing_token']);
      const good = await app.get('/graphql?query={me}', { 'apollo-require-preflight': '1', ...ada });
      expect(good.body).toEqual({ data: { me: 'ada ada' } });
    });

    it('a token in the query’s arguments or variables is none', async () => {
      const token = ada['authorization']?.slice(7);
      const { body } = await app.post('/graphql', {
        query: '{ me }',
        variables: { 'ACCESS-TOKEN': token, req: { headers: ada } },
        extensions: { req: { headers: ada } },
      });
      expect(codesOf(body)).toEqual(['UNAUTHENTICATED missing_token']);
    });
  });

  describe('path rules and default-access', () => {
    it('a path rule guards the endpoint, and decorators hold as well', async () => {
      const app = await startGraphqlApp(driver, {
        providers,
        fastauth: { accessTokenPaths: [{ path: '/graphql', scopes: ['graph'] }] },
      });
      try {
        const tokens = app.app.get(TokenService);
        const bearer = async (...scopes: string[]) => ({
          authorization: `Bearer ${(await tokens.issue({ clientId: 'ada', scopes })).accessToken}`,
        });
        expect((await app.ask('{ open }')).status).toBe(401);
        expect((await app.ask('{ open }', await bearer())).status).toBe(403);
        const verified = countVerifications(app);
        const graph = await bearer('graph');
        expect((await app.ask('{ open me }', graph)).data).toEqual({ open: 'open', me: 'ada ada' });
        expect(verified()).toBe(1);
        expect(codesOf(await app.ask('{ boss }', graph))).toEqual(['UNAUTHENTICATED missing_token']);
      } finally {
        await app.close();
      }
    });

    it('default-access asks at the endpoint, or, where public-paths open that, of each resolver', async () => {
      for (const publicPaths of [[], ['/graphql']]) {
        const app = await startGraphqlApp(driver, {
          providers,
          fastauth: { defaultAccess: 'access', publicPaths },
        });
        try {
          const { access_token } = await app.issue('ada');
          const ada = { 'ACCESS-TOKEN': access_token };
          const open = await app.ask('{ open }');
          if (publicPaths.length === 0) expect(open.status).toBe(401);
          else expect(open.data).toEqual({ open: 'open' });
          if (publicPaths.length > 0) {
            expect(codesOf(await app.ask('{ plain }'))).toEqual(['UNAUTHENTICATED missing_token']);
          }
          expect((await app.ask('{ open plain me }', ada)).data).toMatchObject({ plain: 'plain' });
        } finally {
          await app.close();
        }
      }
    });
  });
});

/** How many access tokens were verified since. */
function countVerifications(app: GraphqlApp): () => number {
  const tokens = app.app.get(AccessTokens);
  const check = tokens.check.bind(tokens);
  let count = 0;
  tokens.check = (...args) => {
    count++;
    return check(...args);
  };
  return () => count;
}
