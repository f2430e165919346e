import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  RequestTimeoutException,
  Scope,
  type Type,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { EMPTY, map, NEVER, type Observable, of, tap, timeout } from 'rxjs';
import type { AdapterName, TestAppOptions } from './app.js';

/** As @nestjs/cache-manager's: what a GET has answered is the answer to the next one of the same URL. */
@Injectable()
class CacheInterceptor implements NestInterceptor {
  private readonly kept = new Map<string, unknown>();

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method, url } = context.switchToHttp().getRequest<{ method: string; url: string }>();
    if (method !== 'GET') return next.handle();
    if (this.kept.has(url)) return of(this.kept.get(url));
    return next.handle().pipe(tap((answer) => void this.kept.set(url, answer)));
  }
}

const interceptorThat = (intercept: (answer: Observable<unknown>) => Observable<unknown>): Type => {
  @Injectable()
  class LayerInterceptor implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
      return intercept(next.handle());
    }
  }
  return LayerInterceptor;
};

/** As a global ValidationPipe that knows no parameter of ours. */
@Injectable()
class RefusingPipe implements PipeTransform {
  transform(value: unknown): never {
    throw new BadRequestException(`${typeof value} should not exist`);
  }
}

@Catch()
class RewritingFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(_exception: unknown, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { ok: false }, 418);
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedInterceptor extends interceptorThat((answer) => answer.pipe(map((data) => ({ data })))) {}

const interceptor = (useClass: Type) => ({ providers: [{ provide: APP_INTERCEPTOR, useClass }] });
const versions = (options: Parameters<INestApplication['enableVersioning']>[0]) => ({
  configure: (app: INestApplication) => void app.enableVersioning(options),
});

type Layer = Partial<TestAppOptions> & { readonly prefix?: string };

/** What an application may have for all of its routes, by name. */
export const APPLICATION_LAYERS: Readonly<Record<string, (adapter: AdapterName) => Layer>> = {
  'a cache': () => interceptor(CacheInterceptor),
  'an interceptor that wraps answers': () =>
    interceptor(interceptorThat((answer) => answer.pipe(map((data) => ({ data, took: 1 }))))),
  'an interceptor that answers by itself': () =>
    interceptor(interceptorThat(() => of('from the interceptor'))),
  'an interceptor that gives no answer': () => interceptor(interceptorThat(() => EMPTY)),
  'an interceptor that never ends': () => interceptor(interceptorThat(() => NEVER)),
  'an interceptor that cannot do without an answer': () =>
    interceptor(
      interceptorThat((answer) =>
        answer.pipe(map((data) => Object.keys(data as object).length > 0 && { ...(data as object) })),
      ),
    ),
  'a serializer of classes': () =>
    interceptor(
      interceptorThat((answer) =>
        answer.pipe(map((data) => JSON.parse(JSON.stringify(data ?? null).replaceAll('_', '')) as unknown)),
      ),
    ),
  'a time limit': () =>
    interceptor(
      interceptorThat((answer) =>
        answer.pipe(
          timeout({ each: 0, with: () => NEVER }),
          tap(() => {
            throw new RequestTimeoutException();
          }),
        ),
      ),
    ),
  'an interceptor of request scope': () => interceptor(RequestScopedInterceptor),
  'a pipe that refuses what it does not know': () => ({
    providers: [{ provide: APP_PIPE, useClass: RefusingPipe }],
  }),
  'a filter that rewrites errors': () => ({
    providers: [{ provide: APP_FILTER, useClass: RewritingFilter }],
  }),
  'a filter of request scope': () => ({
    providers: [{ provide: APP_FILTER, useClass: RewritingFilter, scope: Scope.REQUEST }],
  }),
  'all of them': () => ({
    providers: [
      { provide: APP_INTERCEPTOR, useClass: CacheInterceptor },
      { provide: APP_INTERCEPTOR, useClass: RequestScopedInterceptor },
      { provide: APP_PIPE, useClass: RefusingPipe },
      { provide: APP_FILTER, useClass: RewritingFilter },
    ],
    configure: (app) => {
      app.setGlobalPrefix('api', { exclude: ['health'] });
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    },
    prefix: '/api',
  }),
  'versions in the URL': () => versions({ type: VersioningType.URI, defaultVersion: '1' }),
  'versions in a header': () => versions({ type: VersioningType.HEADER, header: 'X-V', defaultVersion: '1' }),
  'versions in the media type': () =>
    versions({ type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: ['1', '2'] }),
  'versions of its own': () =>
    versions({ type: VersioningType.CUSTOM, extractor: () => '7', defaultVersion: '1' }),
  'a global prefix': () => ({ configure: (app) => void app.setGlobalPrefix('api'), prefix: '/api' }),
  'a global prefix that leaves out routes': () => ({
    configure: (app) =>
      void app.setGlobalPrefix('api/v2', { exclude: ['health', '.well-known/jwks.json', 'docs/*path'] }),
    prefix: '/api/v2',
  }),
  'a global prefix with a parameter': () => ({
    configure: (app) => void app.setGlobalPrefix(':tenant'),
    prefix: '/acme',
  }),
  'serializers and parsers of the framework': (adapter) =>
    adapter === 'fastify' ? { configure: configureFastify } : { configure: configureExpress },
};

function configureFastify(app: INestApplication): void {
  const fastify = (app.getHttpAdapter() as unknown as FastifyAdapter).getInstance();
  fastify.setReplySerializer((payload) => JSON.stringify({ payload }));
  fastify.addHook('preSerialization', async (_request, _reply, payload) => ({ payload }));
  fastify.addHook(
    'onRequest',
    async (_request, reply) => void reply.serializer((payload) => `(${String(payload)})`),
  );
}

function configureExpress(app: INestApplication): void {
  const adapter = app.getHttpAdapter() as unknown as { set(name: string, value: unknown): void };
  adapter.set('json replacer', (key: string, value: unknown) => (key === 'access_token' ? undefined : value));
  adapter.set('json spaces', 2);
  adapter.set('query parser', false);
  adapter.set('etag', 'strong');
  app.use((_request: unknown, response: { json: unknown; send: unknown }, next: () => void) => {
    response.json = response.send = () => {
      throw new Error('Answers are sent otherwise here');
    };
    next();
  });
}
