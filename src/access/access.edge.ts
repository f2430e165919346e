import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import type { MaybePromise } from '../stores/token-store.js';
import { AccessPolicy } from './access-policy.js';
import { NONE, type Demand } from './demand.js';
import { denialBody, denialHeaders, type Denial } from './denial.js';
import { Gate } from './gate.js';
import { rawRequest, type AnyRequest } from './request-access.js';
import { RouteMatcher } from './route-matcher.js';

type Next = (error?: unknown) => void;
type Middleware = (request: AnyRequest, response: ServerResponse, next: Next) => void;

/** What of an Express instance is used here; Express itself is not imported. */
interface ExpressLike {
  readonly router?: { readonly stack?: { readonly handle: unknown }[] };
}
/** What of a Fastify instance, request and reply is used here; Fastify itself is not imported. */
interface FastifyLike {
  /** Absent until middie is registered. */
  use?(...args: unknown[]): unknown;
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequestLike, reply: FastifyReplyLike, done: Next) => void,
  ): void;
}
type FastifyRequestLike = AnyRequest & {
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly url?: string | undefined };
};
interface FastifyReplyLike {
  code(status: number): this;
  headers(values: Record<string, string>): this;
  send(body: object): this;
}

/**
 * Holds the path rules for everything that the server answers, also what Nest's guards never see: Swagger UI,
 * static files, routes added to the raw Express or Fastify instance, paths that match no route.
 * It installs itself when it is constructed, in front of any other route or middleware of the application.
 */
@Injectable()
export class AccessEdge {
  private cors: Middleware | undefined;

  constructor(
    private readonly policy: AccessPolicy,
    private readonly gate: Gate,
    private readonly routes: RouteMatcher,
    host: HttpAdapterHost,
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
  ) {
    if (!policy.hasPathRules && policy.defaultDemand === NONE) return;
    // A testing module is compiled before its application, and so its adapter, exists.
    if (host.httpAdapter) this.install(host.httpAdapter);
    else host.init$.subscribe(() => this.installWhereThereIsHttp(host.httpAdapter));
  }

  /** Applications without HTTP (standalone ones, microservices) say that they are ready, too. */
  private installWhereThereIsHttp(adapter: AbstractHttpAdapter | null): void {
    if (adapter) this.install(adapter);
  }

  private install(adapter: AbstractHttpAdapter): void {
    if (adapter.getType() === 'fastify') this.installOnFastify(adapter.getInstance<FastifyLike>());
    else this.installOnExpress(adapter);
  }

  private installOnExpress(adapter: AbstractHttpAdapter): void {
    adapter.use(this.middleware);
    // An instance that was handed to Nest may have routes already, and those would answer first.
    const stack = adapter.getInstance<ExpressLike>().router?.stack;
    const own = stack?.findIndex(({ handle }) => handle === this.middleware) ?? -1;
    if (stack && own > 0) stack.unshift(...stack.splice(own, 1));
    // CORS is switched on after this, so its middleware runs later. It is lent here for what ends at the edge:
    // a preflight carries no credentials by design, and browsers hide a 401 without CORS headers from their page.
    const enableCors = adapter.enableCors.bind(adapter);
    const use = adapter.use.bind(adapter);
    adapter.enableCors = (...args: Parameters<typeof enableCors>) => {
      adapter.use = (middleware: Middleware) => {
        this.cors = middleware;
        return use(middleware);
      };
      try {
        return enableCors(...args);
      } finally {
        adapter.use = use;
      }
    };
  }

  private installOnFastify(instance: FastifyLike): void {
    // Where middleware is on already, it runs in a hook before this one: then the first of it has to be the edge too.
    const use = instance.use?.bind(instance);
    if (use) {
      instance.use = (...args: unknown[]) => {
        instance.use = use;
        use(this.middleware);
        return use(...args);
      };
    }
    instance.addHook('onRequest', (request, reply, done) => {
      const pattern = request.routeOptions.url;
      const demand =
        this.demandOf(request) | (pattern === undefined ? NONE : this.policy.demandOfPattern(pattern));
      // The router has decided before this, so there is nothing for the guard to add.
      this.gate.proofs.writePathDemand(request.raw, demand);
      if (demand === NONE) return done();
      this.decide(request, demand, done, (denial) => {
        reply.code(denial.status).headers(this.headersOf(denial)).send(denialBody(denial));
      });
    });
  }

  private readonly middleware: Middleware = (request, response, next) => {
    const { cors } = this;
    if (cors && request.method === 'OPTIONS')
      cors(request, response, () => this.enter(request, response, next));
    else this.enter(request, response, next);
  };

  private enter(request: AnyRequest, response: ServerResponse, next: Next): void {
    const demand = this.demandOf(request);
    if (demand === NONE) return next();
    this.decide(request, demand, next, (denial) => {
      const refuse = (): void => {
        const body = JSON.stringify(denialBody(denial));
        response.writeHead(denial.status, {
          ...this.headersOf(denial),
          'Content-Type': 'application/json; charset=utf-8',
          'Content-Length': Buffer.byteLength(body),
        });
        response.end(request.method === 'HEAD' ? undefined : body);
      };
      if (this.cors) this.cors(request, response, refuse);
      else refuse();
    });
  }

  /** The URL as it came and, where something rewrote it since, as it is now. */
  private demandOf(request: AnyRequest): Demand {
    const { originalUrl, url = '/', method = 'GET' } = rawRequest(request);
    const byDefault = this.policy.defaultDemand === NONE ? NONE : this.routes.demandByDefault(method, url);
    const demand = byDefault | this.policy.demandOfTarget(url);
    return originalUrl === undefined || originalUrl === url
      ? demand
      : demand | this.policy.demandOfTarget(originalUrl);
  }

  private decide(request: AnyRequest, demand: Demand, pass: Next, refuse: (denial: Denial) => void): void {
    const raw = rawRequest(request);
    let outcome: MaybePromise<Denial | undefined>;
    try {
      outcome = this.gate.admit(raw, raw, demand);
    } catch (error) {
      return pass(error);
    }
    if (outcome instanceof Promise) {
      outcome.then((denial) => (denial ? refuse(denial) : pass()), pass);
    } else if (outcome) refuse(outcome);
    else pass();
  }

  private headersOf(denial: Denial): Record<string, string> {
    return denialHeaders(denial, this.config.appName);
  }
}
