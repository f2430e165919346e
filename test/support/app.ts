import 'reflect-metadata';
import type {
  DynamicModule,
  INestApplication,
  ModuleMetadata,
  NestApplicationOptions,
  Type,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { Clock } from '../../src/clock.js';
import { FastauthModule } from '../../src/fastauth.module.js';
import { FakeClock } from './fake-clock.js';

export const ADAPTERS = ['express', 'fastify'] as const;
export type AdapterName = (typeof ADAPTERS)[number];

export const MASTER_TOKEN = 'master-token-of-the-tests';
export const SECRET = 'a secret of the tests, thirty-two bytes or more';

/** What each application of the tests is given, beside what its test is about. */
export const OPTIONS = {
  configFile: false,
  envFile: false,
  databaseUrl: 'memory:',
  masterToken: MASTER_TOKEN,
  cryptographyKey: SECRET,
} as const;

type FastauthOptions = NonNullable<Parameters<typeof FastauthModule.forRoot>[0]>;

export interface TestAppOptions {
  readonly adapter: AdapterName;
  readonly fastauth?: FastauthOptions;
  /** In place of `FastauthModule.forRoot`. */
  readonly module?: DynamicModule;
  readonly controllers?: Type[];
  readonly providers?: ModuleMetadata['providers'];
  readonly imports?: ModuleMetadata['imports'];
  /** Options of the Fastify instance, or of `createNestApplication` on Express. */
  readonly fastifyOptions?: ConstructorParameters<typeof FastifyAdapter>[0];
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** Options of the application, such as `bodyParser`. */
  readonly nest?: NestApplicationOptions;
  /** What is done to the adapter before Nest gets it. */
  readonly prepareAdapter?: (adapter: AbstractHttpAdapter) => void;
  /** What a `main.ts` would do before `listen`. */
  readonly configure?: (app: INestApplication) => void;
  /** 0, the default: one that is free. */
  readonly port?: number;
}

export interface TestApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly clock: FakeClock;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: string | object, headers?: Record<string, string>): Promise<Answer>;
  request(method: string, path: string, init?: RequestInit): Promise<Answer>;
  /** A fresh pair, issued over HTTP. */
  issue(clientId?: string): Promise<{ client_id: string; access_token: string; refresh_token: string }>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body, or undefined where it is no JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look at answers of any shape
  readonly body: any;
}

/** A real application on a real port, with the memory store and a clock that the test moves. */
export async function startApp(options: TestAppOptions): Promise<TestApp> {
  const clock = new FakeClock();
  const builder = Test.createTestingModule({
    imports: [
      options.module ?? FastauthModule.forRoot({ ...OPTIONS, ...options.fastauth }),
      ...(options.imports ?? []),
    ],
    controllers: options.controllers ?? [],
    providers: options.providers ?? [],
  })
    .overrideProvider(Clock)
    .useValue(clock);
  const moduleRef = await (options.override?.(builder) ?? builder).compile();
  const adapter =
    options.adapter === 'fastify' ? new FastifyAdapter(options.fastifyOptions) : new ExpressAdapter();
  options.prepareAdapter?.(adapter);
  const app = moduleRef.createNestApplication(adapter, { logger: false, ...options.nest });
  options.configure?.(app);
  await app.listen(options.port ?? 0, '127.0.0.1');
  const url = await app.getUrl();

  const request = async (method: string, path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(url + path, { method, redirect: 'manual', ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  };
  return {
    app,
    url,
    clock,
    request,
    get: (path, headers = {}) => request('GET', path, { headers }),
    post: (path, body, headers = {}) =>
      request('POST', path, {
        headers: {
          ...(body === undefined
            ? {}
            : {
                'content-type':
                  typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json',
              }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    issue: async (clientId) => {
      const query = clientId === undefined ? '' : `?client_id=${encodeURIComponent(clientId)}`;
      const answer = await request('GET', `/auth/token/new${query}`, {
        headers: { 'MASTER-TOKEN': MASTER_TOKEN },
      });
      return answer.body.data;
    },
    close: () => app.close(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
