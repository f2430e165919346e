import 'reflect-metadata';
import fastifyCors from '@fastify/cors';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import helmet from 'helmet';
import {
  AccessOnly,
  FastauthModule,
  type FastauthOptions,
  principalOf,
  Public,
  useFastauthEdge,
  withFastauth,
} from '../../src/index.js';

// Applications with packages that Jest cannot load (CommonJS that requires ES modules), in a process of their own. It
// says their URLs, by name, and ends when nothing more is told to it.

type Registration = NonNullable<Parameters<typeof FastauthModule.forRoot>[0]>;
interface Neighbourhood extends ModuleMetadata {
  readonly fastauth?: FastauthOptions & Registration;
  readonly isFastify?: boolean;
  /** Whether FastauthModule is the last of the imports, not the first. */
  readonly isLast?: boolean;
  readonly configure?: (app: INestApplication) => void | Promise<void>;
}

@Controller()
class RoutesController {
  @AccessOnly()
  @Get('who')
  who() {
    return { who: true };
  }

  private reports = 0;

  @Get('reports/daily')
  report() {
    return { report: ++this.reports };
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
}

const graphql = (): ModuleMetadata => ({
  imports: [GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })],
  providers: [GreetingResolver],
});
const throttled = { imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 3 }])] };
const limiter = { provide: APP_GUARD, useClass: ThrottlerGuard };
/** As docs/with-your-application.md has it. */
const byClient: Neighbourhood = {
  imports: [
    ThrottlerModule.forRoot({
      throttlers: [{ ttl: 60_000, limit: 3 }],
      getTracker: (request, context) => {
        const client = principalOf(context)?.clientId;
        return client === undefined ? `address ${request['ip']}` : `client ${client}`;
      },
    }),
  ],
  providers: [ThrottlerGuard],
  configure: (app) => void app.useGlobalGuards(app.get(ThrottlerGuard)),
};
const closed: Neighbourhood = {
  ...throttled,
  providers: [limiter],
  fastauth: { defaultAccess: 'access' },
};
const withHelmet = (app: INestApplication): void => {
  app.use(helmet());
  useFastauthEdge(app);
};

const withSwagger = (app: INestApplication): void => {
  const base = new DocumentBuilder().build();
  SwaggerModule.setup('docs', app, () => withFastauth(app, SwaggerModule.createDocument(app, base)));
};
const swagger = {
  fastauth: { defaultAccess: 'access', publicPaths: ['/docs', '/docs-json'] },
  configure: withSwagger,
} as const;

@Module({ providers: [limiter] })
class LimiterModule {}

const APPS: Readonly<Record<string, Neighbourhood>> = {
  graphql: graphql(),
  'graphql under a rule': { ...graphql(), fastauth: { accessTokenPaths: ['/graphql'] } },
  helmet: { fastauth: { accessTokenPaths: ['/reports'] }, configure: withHelmet },
  'helmet on fastify': {
    fastauth: { accessTokenPaths: ['/reports'] },
    configure: withHelmet,
    isFastify: true,
  },
  'cors on fastify': {
    fastauth: { accessTokenPaths: ['/reports'] },
    configure: async (app) => {
      await (app as NestFastifyApplication).register(fastifyCors, { origin: 'https://app.example.com' });
      useFastauthEdge(app);
    },
    isFastify: true,
  },
  cache: {
    imports: [CacheModule.register({ isGlobal: true, ttl: 60_000 })],
    providers: [{ provide: APP_INTERCEPTOR, useClass: CacheInterceptor }],
  },
  swagger,
  'swagger on fastify': { ...swagger, isFastify: true },
  'throttler in the root module': {
    ...throttled,
    providers: [limiter],
    fastauth: { accessTokenPaths: ['/reports'] },
  },
  'throttler in a later module': { imports: [...throttled.imports, LimiterModule] },
  'throttler on fastify': { ...throttled, providers: [limiter], isFastify: true },
  'throttler by client': byClient,
  'throttler by client, fastauth last': { ...byClient, isLast: true },
  'throttler by client on fastify': { ...byClient, isFastify: true },
  'throttler by client on fastify, fastauth last': { ...byClient, isFastify: true, isLast: true },
  'throttler under default-access': closed,
  'throttler under default-access on fastify': { ...closed, isFastify: true },
};

async function start(neighbourhood: Neighbourhood): Promise<INestApplication> {
  const { fastauth, isFastify, isLast, configure, imports = [], ...parts } = neighbourhood;
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
    imports: isLast ? [...imports, fastauthModule] : [fastauthModule, ...imports],
    controllers: [RoutesController],
  })
  class AppModule {}
  const options = { logger: false, abortOnError: false } as const;
  const app = isFastify
    ? await NestFactory.create(AppModule, new FastifyAdapter(), options)
    : await NestFactory.create(AppModule, options);
  await configure?.(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

const urls: Record<string, string> = {};
for (const [name, neighbourhood] of Object.entries(APPS)) {
  urls[name] = await (await start(neighbourhood)).getUrl();
}
process.stdout.write(`${JSON.stringify(urls)}\n`);
process.stdin.on('end', () => process.exit()).resume();
