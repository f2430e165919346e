import type { Provider, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { Field, ObjectType, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { describe, expect, it } from '@jest/globals';
import { AccessOnly, accessMap, Public, TokenService } from '../../src/index.js';
import {
  codesOf,
  GRAPHQL_DRIVERS,
  type GraphqlApp,
  type GraphqlOptions,
  startGraphqlApp,
} from '../support/graphql-app.js';

@ObjectType()
class Lamp {
  @Field()
  name!: string;
}

@Resolver(() => Lamp)
class LampResolver {
  @Query(() => Lamp)
  lamp() {
    return { name: 'lamp' };
  }

  @AccessOnly()
  @ResolveField(() => String, { nullable: true })
  secret() {
    return 'secret';
  }
}

@AccessOnly()
@Resolver(() => Lamp)
class GuardedLampResolver {
  @Query(() => Lamp)
  lamp() {
    return { name: 'lamp' };
  }

  @Public()
  @ResolveField(() => String)
  label() {
    return 'label';
  }
}

@Resolver(() => Lamp)
class UndecoratedLampResolver {
  @Public()
  @Query(() => Lamp)
  lamp() {
    return { name: 'lamp' };
  }

  @ResolveField(() => String, { nullable: true })
  secret() {
    return 'secret';
  }
}

@Public()
@Resolver(() => Lamp)
class PublicLampResolver {
  @Query(() => Lamp)
  lamp() {
    return { name: 'lamp' };
  }

  @ResolveField(() => String, { nullable: true })
  secret() {
    return 'secret';
  }
}

@Resolver(() => Lamp)
class UndecoratedReferenceResolver {
  @Public()
  @Query(() => Lamp)
  lamp() {
    return { name: 'lamp' };
  }

  @ResolveReference()
  find() {
    return { name: 'lamp' };
  }
}

@Resolver()
class Base {
  @AccessOnly()
  @Query(() => String, { nullable: true })
  me() {
    return 'me';
  }

  @Query(() => String)
  open() {
    return 'open';
  }
}

@Resolver()
class Derived extends Base {}

@Resolver()
class Undecorated {
  @Query(() => String, { nullable: true })
  open() {
    return 'open';
  }
}

@Resolver('Query')
@AccessOnly()
class SchemaFirst {
  me() {
    return 'me';
  }
}

describe.each(GRAPHQL_DRIVERS)('GraphQL is closed where Nest asks no guard: $name', (driver) => {
  const start = (
    providers: Provider[],
    graphql: GraphqlOptions = {},
    imports: NonNullable<Parameters<typeof startGraphqlApp>[1]['imports']> = [],
  ): Promise<GraphqlApp> =>
    startGraphqlApp(driver, { providers, imports, fastauth: { globalGuard: false } }, graphql);
  const refusal = async (starting: Promise<GraphqlApp>): Promise<string> => {
    const outcome = await starting.then(
      (app) => app.close().then(() => 'it started'),
      (error: Error) => error.message,
    );
    return outcome;
  };

  it.each([[[]], [['interceptors']], [undefined]])(
    'a guarded field resolver with fieldResolverEnhancers %p stops the start',
    async (fieldResolverEnhancers) => {
      const options = { fieldResolverEnhancers } as unknown as GraphqlOptions;
      expect(await refusal(start([LampResolver], options))).toMatch(
        /LampResolver\.secret asks for a token, but GraphQL asks no guard before field resolvers/,
      );
    },
  );

  describe('under default-access, where /graphql is opened by public-paths', () => {
    const startByDefault = (
      resolver: Type,
      graphql: GraphqlOptions,
      defaultAccess: 'access' | 'master' | 'public' = 'access',
    ): Promise<GraphqlApp> =>
      startGraphqlApp(
        driver,
        { providers: [resolver], fastauth: { defaultAccess, publicPaths: ['/graphql'] } },
        graphql,
      );

    it.each<[string, Type, RegExp]>([
      ['a field resolver', UndecoratedLampResolver, /UndecoratedLampResolver\.secret asks/],
      ['a reference resolver', UndecoratedReferenceResolver, /UndecoratedReferenceResolver\.find asks/],
    ])('%s without a decorator stops the start', async (_name, resolver, said) => {
      for (const defaultAccess of ['access', 'master'] as const) {
        const outcome = await refusal(
          startByDefault(resolver, { fieldResolverEnhancers: [] }, defaultAccess),
        );
        expect(outcome).toMatch(said);
        expect(outcome).toMatch(/by default-access.*fieldResolverEnhancers: \['guards'\].*@Public\(\)/);
      }
    });

    it('it needs what default-access says where guards are asked', async () => {
      const app = await startByDefault(UndecoratedLampResolver, {});
      const answer = await app.ask('{ lamp { name secret } }');
      expect(answer.data).toEqual({ lamp: { name: 'lamp', secret: null } });
      expect(codesOf(answer)).toEqual(['UNAUTHENTICATED missing_token']);
      expect(accessMap(app.app).unenforced).toEqual([]);
      await app.close();
    });

    it('what nobody decorated needs what default-access says with globalGuard: false, too', async () => {
      const app = await startGraphqlApp(driver, {
        providers: [Undecorated],
        fastauth: { globalGuard: false, defaultAccess: 'access', publicPaths: ['/graphql'] },
      });
      try {
        expect(codesOf(await app.ask('{ open }'))).toEqual(['UNAUTHENTICATED missing_token']);
        const { accessToken } = await app.app.get(TokenService).issue({ clientId: 'ada' });
        const headers = { authorization: `Bearer ${accessToken}` };
        expect((await app.ask('{ open }', headers)).data).toEqual({ open: 'open' });
      } finally {
        await app.close();
      }
    });

    it.each<[string, Type, 'access' | 'public']>([
      ['that are marked @Public()', PublicLampResolver, 'access'],
      ['of an application that is public by default', UndecoratedLampResolver, 'public'],
    ])('those %s start without guards', async (_name, resolver, defaultAccess) => {
      const app = await startByDefault(resolver, { fieldResolverEnhancers: [] }, defaultAccess);
      expect((await app.ask('{ lamp { secret } }')).data).toEqual({ lamp: { secret: 'secret' } });
      await app.close();
    });
  });

  it('a class whose field resolvers are all marked @Public() starts without them', async () => {
    const app = await start([GuardedLampResolver], { fieldResolverEnhancers: [] });
    expect(codesOf(await app.ask('{ lamp { label } }'))).toEqual(['UNAUTHENTICATED missing_token']);
    await app.close();
  });

  it.each<[string, Provider]>([
    ['useFactory', { provide: Base, useFactory: () => new Base() }],
    ['useValue', { provide: Base, useValue: new Base() }],
    ['useFactory of a derived class', { provide: Derived, useFactory: () => new Derived() }],
    ['another token', { provide: 'RESOLVER', useClass: Base }],
    ['useFactory, schema first', { provide: SchemaFirst, useFactory: () => new SchemaFirst() }],
  ])('a resolver that %s makes stops the start', async (_name, provider) => {
    expect(await refusal(start([provider]))).toMatch(
      /asks for a token by its decorators, but Nest asks no guard/,
    );
  });

  it('one that is listed in one module and made by a factory in another stops the start', async () => {
    @Module({ providers: [{ provide: Derived, useFactory: () => new Derived() }] })
    class FactoryModule {}
    expect(await refusal(start([Derived], {}, [FactoryModule]))).toMatch(/Derived asks for a token/);
  });

  it('one context for all requests stops the start where the driver keeps the first caller in it', async () => {
    const outcome = await refusal(start([Derived], { context: { shared: true } }));
    // Apollo's driver copies it since 14.
    const isCopied = driver.adapter === 'express' && outcome === 'it started';
    expect(isCopied || outcome).toEqual(isCopied || expect.stringContaining('one object for all requests'));
  });

  it('a function that gives all requests the same context lends nobody another’s token', async () => {
    const shared = {};
    const app = await start([Derived], { context: () => shared });
    try {
      const tokens = app.app.get(TokenService);
      const { accessToken } = await tokens.issue({ clientId: 'ada' });
      const headers = { authorization: `Bearer ${accessToken}` };
      expect((await app.ask('{ me }', headers)).data).toEqual({ me: 'me' });
      expect(codesOf(await app.ask('{ me }'))).toEqual(['UNAUTHENTICATED missing_token']);
    } finally {
      await app.close();
    }
  });

  it('a derived class keeps what its base asks, without the global guard', async () => {
    const app = await start([Derived]);
    expect((await app.ask('{ open }')).data).toEqual({ open: 'open' });
    expect(codesOf(await app.ask('{ me }'))).toEqual(['UNAUTHENTICATED missing_token']);
    await app.close();
  });

  it('two modules of GraphQL: one that asks no guards of field resolvers stops the start', async () => {
    const second = driver.module({ path: '/second', fieldResolverEnhancers: [], include: [] });
    expect(await refusal(start([LampResolver], {}, [second]))).toMatch(/LampResolver\.secret/);
  });
});

describe('two modules of GraphQL', () => {
  it('are guarded both', async () => {
    const [apollo] = GRAPHQL_DRIVERS;
    if (!apollo) throw new Error('no driver');
    @Module({ providers: [Derived] })
    class FirstModule {}
    @Module({ providers: [LampResolver] })
    class SecondModule {}
    const app = await startGraphqlApp(
      apollo,
      { imports: [FirstModule, SecondModule, apollo.module({ path: '/second', include: [SecondModule] })] },
      { include: [FirstModule] },
    );
    try {
      expect(codesOf(await app.ask('{ me }'))).toEqual(['UNAUTHENTICATED missing_token']);
      const { body } = await app.post('/second', { query: '{ lamp { name secret } }' });
      expect(body.data).toEqual({ lamp: { name: 'lamp', secret: null } });
      expect(codesOf(body)).toEqual(['UNAUTHENTICATED missing_token']);
    } finally {
      await app.close();
    }
  });
});
