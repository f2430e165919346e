import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { HttpException, Injectable } from '@nestjs/common';
import { type AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import { plainPath } from '../access/paths/canonical-path.js';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import { RouteTable } from '../routes/route-table.js';
import { readEndpoint } from './endpoint-metadata.js';
import { announcesBody, asParameters, parseBody, readBody } from './request-body.js';
import type { TokenRequest } from './token-request.js';

type Next = (error?: unknown) => void;

/** What of an Express instance is used here; Express itself is not imported. */
interface ExpressLike {
  readonly router?: { readonly stack?: { readonly handle: unknown }[] };
}
/** What of a Fastify instance is used here; Fastify itself is not imported. */
interface FastifyLike {
  addHook(name: 'onRoute', hook: (route: FastifyRouteLike) => void): void;
}
interface FastifyRouteLike {
  readonly url: string;
  readonly method: string | readonly string[];
  preParsing?: PreParsing | PreParsing[] | undefined;
}
type PreParsing = (
  request: { readonly raw: IncomingMessage; headers: object; body?: unknown },
  reply: unknown,
  payload: Readable,
  done: (error: Error | null, payload: Readable) => void,
) => void;

/**
 * Reads what is sent to the endpoints of ours, before any parser of the application: those may be missing, refuse in
 * their own words, or drop one of two members of the same name.
 */
@Injectable()
export class EndpointBodies {
  private readonly bodies = new WeakMap<IncomingMessage, object | HttpException>();
  private paths: readonly RegExp[] | undefined;

  constructor(
    private readonly routes: RouteTable,
    host: HttpAdapterHost,
  ) {
    // A testing module is compiled before its application, and so its adapter, exists.
    if (host.httpAdapter) this.install(host.httpAdapter);
    else host.init$.subscribe(() => this.install(host.httpAdapter));
  }

  /**
   * The parameters that a POST has brought.
   * @throws HttpException 400, 413, 415 or 422
   */
  async parametersOf(request: TokenRequest): Promise<object> {
    const raw = rawRequest(request as unknown as AnyRequest);
    const read = this.bodies.get(raw) ?? (await parametersLeftIn(request, raw));
    if (read instanceof HttpException) throw read;
    return read;
  }

  /** Applications without HTTP (standalone ones, microservices) have no adapter. */
  private install(adapter: AbstractHttpAdapter | null): void {
    switch (adapter?.getType()) {
      case 'express':
        return this.installOnExpress(adapter);
      case 'fastify':
        return this.installOnFastify(adapter.getInstance<FastifyLike>());
    }
  }

  private installOnExpress(adapter: AbstractHttpAdapter): void {
    const fastauthBodyReader = (
      request: IncomingMessage & { body?: unknown },
      _: ServerResponse,
      next: Next,
    ): void => {
      if (request.method !== 'POST' || !this.mayServe(request.url) || !isUnread(request)) return next();
      void this.read(request, request, request).then(() => next());
    };
    adapter.use(fastauthBodyReader);
    // An instance that was handed to Nest may have parsers already.
    const stack = adapter.getInstance<ExpressLike>().router?.stack;
    const own = stack?.findIndex(({ handle }) => handle === fastauthBodyReader) ?? -1;
    if (stack && own > 0) stack.unshift(...stack.splice(own, 1));
  }

  private installOnFastify(instance: FastifyLike): void {
    const read: PreParsing = (request, _reply, payload, done) => {
      void this.read(request.raw, payload, request).then(() => {
        // Nothing is left for Fastify's parsers, and without these it asks none.
        request.headers = {
          'content-type': undefined,
          'content-length': undefined,
          'transfer-encoding': undefined,
        };
        done(null, payload);
      });
    };
    instance.addHook('onRoute', (route) => {
      if (route.method !== 'POST' || !this.patterns().includes(route.url)) return;
      const before = route.preParsing ?? [];
      route.preParsing = [...(Array.isArray(before) ? before : [before]), read];
    });
  }

  /** Other middleware finds the parameters where a parser would have put them; what it does to them is without effect. */
  private async read(raw: IncomingMessage, payload: Readable, request: { body?: unknown }): Promise<void> {
    const read = await readBody(payload, raw.headers);
    this.bodies.set(raw, read);
    if (!(read instanceof HttpException)) request.body = { ...read };
  }

  /** Whether the path is one of ours, and plainly so: the body of another route must not be touched. */
  private mayServe(target = '/'): boolean {
    this.paths ??= this.patterns().flatMap((pattern) => compiled(pattern) ?? []);
    const path = plainPath(target);
    return path !== undefined && this.paths.some((ours) => ours.test(path));
  }

  private patterns(): readonly string[] {
    return this.routes.routes
      .filter(({ method, handler }) => method === 'POST' && readEndpoint(handler))
      .flatMap(({ patterns }) => patterns);
  }
}

/** A pattern of plain segments and, where a global prefix has any, parameters; undefined for others. */
function compiled(pattern: string): RegExp | undefined {
  const segments = pattern.toLowerCase().split('/').slice(1);
  if (!segments.every((segment) => /^:?[\w.~-]+$/.test(segment))) return undefined;
  const source = segments.map((segment) =>
    segment.startsWith(':') ? '[^/]+' : segment.replaceAll('.', '\\.'),
  );
  return new RegExp(`^/${source.join('/')}$`);
}

/** Where nobody reads before the application: on adapters that are not known here, and below rewritten URLs. */
async function parametersLeftIn(
  { body }: TokenRequest,
  raw: IncomingMessage,
): Promise<object | HttpException> {
  if (Buffer.isBuffer(body)) return parseBody(body, raw.headers);
  if (body !== undefined && body !== null) return asParameters(body);
  return announcesBody(raw.headers) && isUnread(raw) ? readBody(raw, raw.headers) : {};
}

function isUnread(stream: Readable): boolean {
  return !stream.readableDidRead && stream.readableFlowing === null;
}
