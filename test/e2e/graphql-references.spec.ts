import { ModulesContainer } from '@nestjs/core';
import { Context, Field, ID, Info, ObjectType, Query, Resolver, ResolveReference } from '@nestjs/graphql';
import { describe, expect, it } from '@jest/globals';
import { accessMap, Public, Scopes, TokenService } from '../../src/index.js';
import { codesOf, GRAPHQL_DRIVERS, type GraphqlApp, startGraphqlApp } from '../support/graphql-app.js';

type Resolve = (reference: object, context: unknown, info: unknown) => unknown;

@ObjectType()
class Lamp {
  @Field(() => ID)
  id!: string;
}

let resolveReference: Resolve | undefined;

@Resolver(() => Lamp)
class LampResolver {
  @Scopes('lamps')
  @ResolveReference()
  find({ id }: { id: string }) {
    return { id };
  }

  /** As the router of a federation asks: Nest's own function for references, in a request. */
  @Public()
  @Query(() => Lamp, { nullable: true })
  entity(@Context() context: unknown, @Info() info: unknown) {
    return resolveReference?.({ __typename: 'Lamp', id: '7' }, context, info);
  }
}

/** What Nest gives the drivers of federations, none of which is installed here. */
function referencesOf({ app }: GraphqlApp): Resolve | undefined {
  interface Explorer {
    explore(): { readonly Lamp?: { readonly __resolveReference?: Resolve } };
  }
  for (const module of app.get(ModulesContainer).values()) {
    for (const { name, instance } of module.providers.values()) {
      if (name === 'ResolversExplorerService')
        return (instance as unknown as Explorer).explore().Lamp?.__resolveReference;
    }
  }
  return undefined;
}

describe.each(GRAPHQL_DRIVERS)('references of federations: $name', (driver) => {
  it('are asked for what their resolver asks', async () => {
    const app = await startGraphqlApp(driver, { providers: [LampResolver] });
    try {
      resolveReference = referencesOf(app);
      expect(resolveReference).toBeDefined();
      const sent = async (...scopes: string[]) => ({
        'ACCESS-TOKEN': (await app.app.get(TokenService).issue({ clientId: 'ada', scopes })).accessToken,
      });
      const ask = (headers?: Record<string, string>) => app.ask('{ entity { id } }', headers);
      expect(codesOf(await ask())).toEqual(['UNAUTHENTICATED missing_token']);
      expect(codesOf(await ask(await sent('other')))).toEqual(['FORBIDDEN insufficient_scope']);
      expect((await ask(await sent('lamps'))).data).toEqual({ entity: { id: '7' } });
    } finally {
      await app.close();
    }
  });

  it('are in the access map', async () => {
    const { app, close } = await startGraphqlApp(driver, { providers: [LampResolver] });
    expect(accessMap(app).entries).toContainEqual(
      expect.objectContaining({
        kind: 'resolver',
        name: 'Lamp.__resolveReference',
        requires: 'access with scope "lamps"',
        handler: 'LampResolver.find',
      }),
    );
    await close();
  });

  it('stop the start where no guard would be asked', async () => {
    const start = startGraphqlApp(driver, { providers: [LampResolver] }, { fieldResolverEnhancers: [] });
    await expect(start).rejects.toThrow(/LampResolver\.find .*fieldResolverEnhancers/);
  });
});
