import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { DynamicModule } from '@nestjs/common';
import { type GqlModuleOptions, GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { startApp, type TestApp, type TestAppOptions } from './app.js';

/** What both drivers know. */
export type GraphqlOptions = Pick<
  GqlModuleOptions,
  'fieldResolverEnhancers' | 'context' | 'include' | 'path' | 'autoSchemaFile'
> & { readonly subscriptions?: unknown; readonly subscription?: unknown };

export interface GraphqlDriver {
  readonly name: string;
  readonly adapter: TestAppOptions['adapter'];
  /** With subscriptions over graphql-ws, and with guards before field resolvers. */
  module(options?: GraphqlOptions): DynamicModule;
}

export const GRAPHQL_DRIVERS: readonly GraphqlDriver[] = [
  {
    name: 'Apollo on Express',
    adapter: 'express',
    module: (options) =>
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        fieldResolverEnhancers: ['guards'],
        subscriptions: { 'graphql-ws': true },
        introspection: true,
        allowBatchedHttpRequests: true,
        ...(options as object),
      }),
  },
  {
    name: 'Mercurius on Fastify',
    adapter: 'fastify',
    module: (options) =>
      GraphQLModule.forRoot<MercuriusDriverConfig>({
        driver: MercuriusDriver,
        autoSchemaFile: true,
        fieldResolverEnhancers: ['guards'],
        subscription: true,
        allowBatchedQueries: true,
        ...(options as object),
      }),
  },
];

/** One error of GraphQL, as the wire has it. */
export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly string[];
  readonly extensions?: { readonly code?: string; readonly fastauth?: { readonly code: string } };
}

export interface GraphqlAnswer {
  readonly status: number;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly GraphqlError[];
}

export interface GraphqlApp extends TestApp {
  ask(query: string, headers?: Record<string, string>): Promise<GraphqlAnswer>;
}

export async function startGraphqlApp(
  driver: GraphqlDriver,
  { imports = [], ...options }: Omit<TestAppOptions, 'adapter'>,
  graphql?: GraphqlOptions,
): Promise<GraphqlApp> {
  const app = await startApp({
    ...options,
    adapter: driver.adapter,
    imports: [driver.module(graphql), ...imports],
  });
  return {
    ...app,
    ask: async (query, headers) => {
      const { status, body } = await app.post('/graphql', { query }, headers);
      return { status, data: body?.data, errors: body?.errors ?? [] };
    },
  };
}

/** What a refusal says to machines: the code of GraphQL, and ours. */
export function codesOf({ errors }: Pick<GraphqlAnswer, 'errors'>): readonly string[] {
  return errors.map(({ extensions }) => `${extensions?.code} ${extensions?.fastauth?.code}`);
}
