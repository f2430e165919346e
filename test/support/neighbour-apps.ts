import 'reflect-metadata';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { GqlExecutionContext, GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import helmet from 'helmet';
import {
  AccessOnly,
  FastauthModule,
  type FastauthOptions,
  Public,
  useFastauthEdge,
} from '../../src/index.js';

// Applications with packages that Jest cannot load (CommonJS that requires ES modules), in a process of their own. It
// says their URLs, by name, and ends when nothing more is told to it.

type Registration = NonNullable<Parameters<typeof FastauthModule.forRoot>[0]>;
interface Neighbourhood extends ModuleMetadata {
  readonly fastauth?: FastauthOptions & Registration;
  readonly isFastify?: boolean;
  readonly configure?: (app: INestApplication) => void;
}

@Controller()
class RoutesController {
  @AccessOnly()
  @Get('who')
  who() {
    return { who: true };
  }

  @Get('reports/daily')
  report() {
    return { report: true };
  }
}

@Resolver()
class GreetingResolver {
  @Public()
  @Query(() => String)
  hello() {
    return 'hi';
  }

  @AccessOnly()
  @Query(() => String)
  me() {
    return 'me';
  }

  @Query(() => String)
  plain() {
    return 'plain';
  }
}

/** As an application might have one of its own for resolvers. */
class FriendGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { req } = GqlExecutionContext.create(context).getContext<{ req: { headers: object } }>();
    return Reflect.get(req.headers, 'x-friend') === 'yes';
  }
}

const graphql = (): ModuleMetadata => ({
  imports: [GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })],
  providers: [GreetingResolver],
});
const throttled = { imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 3 }])] };
const limiter = { provide: APP_GUARD, useClass: ThrottlerGuard };
const withHelmet = (app: INestApplication): void => {
  app.use(helmet());
  useFastauthEdge(app);
};

@Module({ providers: [limiter] })
class LimiterModule {}

const APPS: Readonly<Record<string, Neighbourhood>> = {
  graphql: graphql(),
  'graphql under a rule': { ...graphql(), fastauth: { accessTokenPaths: ['/graphql'] } },
  'graphql with a guard': { ...graphql(), fastauth: { contextGuards: { graphql: FriendGuard } } },
  helmet: { fastauth: { accessTokenPaths: ['/reports'] }, configure: withHelmet },
  'helmet on fastify': {
    fastauth: { accessTokenPaths: ['/reports'] },
    configure: withHelmet,
    isFastify: true,
  },
  'throttler in the root module': {
    ...throttled,
    providers: [limiter],
    fastauth: { accessTokenPaths: ['/reports'] },
  },
  'throttler in a later module': { imports: [...throttled.imports, LimiterModule] },
  'throttler on fastify': { ...throttled, providers: [limiter], isFastify: true },
};

async function start({ fastauth, isFastify, configure, ...parts }: Neighbourhood): Promise<INestApplication> {
  const fastauthModule = FastauthModule.forRoot({
    configFile: false,
    envFile: false,
    databaseUrl: 'memory:',
    auditLog: 'off',
    masterToken: 'm'.repeat(20),
    cryptographyKey: 'k'.repeat(32),
    ...fastauth,
  });
  @Module({
    ...parts,
    imports: [fastauthModule, ...(parts.imports ?? [])],
    controllers: [RoutesController],
  })
  class AppModule {}
  const options = { logger: false, abortOnError: false } as const;
  const app = isFastify
    ? await NestFactory.create(AppModule, new FastifyAdapter(), options)
    : await NestFactory.create(AppModule, options);
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

const urls: Record<string, string> = {};
for (const [name, neighbourhood] of Object.entries(APPS)) {
  urls[name] = await (await start(neighbourhood)).getUrl();
}
process.stdout.write(`${JSON.stringify(urls)}\n`);
process.stdin.on('end', () => process.exit()).resume();
