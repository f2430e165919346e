import type { ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { Denial } from '../../access/denial.js';
import { type AnyRequest, rawRequest } from '../../access/request-access.js';
import type { AccessEdge } from './access.edge.js';
import { type EdgeHost, type Middleware, servingName } from './edge-host.js';
import { sendDenial } from './send-denial.js';

interface Layer {
  readonly handle: { readonly name: string; toString(): string };
  readonly route?: { readonly path: unknown };
}
/** What of an Express instance is used here; Express itself is not imported. */
interface ExpressLike {
  readonly router?: { readonly stack?: Layer[] };
}

/** The edge as middleware of Express. */
export class ExpressEdge implements EdgeHost {
  /** Of `enableCors`, where it stands behind the edge. */
  private cors: Middleware | undefined;
  private isMoved = false;

  constructor(
    private readonly adapter: AbstractHttpAdapter,
    private readonly edge: AccessEdge,
  ) {}

  install(): void {
    this.adapter.use(this.first);
    // An instance that was handed to Nest may have routes already, and those would answer first.
    const stack = this.stack();
    const own = stack?.findIndex(({ handle }) => handle === this.first) ?? -1;
    if (stack && own > 0) stack.unshift(...stack.splice(own, 1));
    this.borrowCors();
  }

  move(): void {
    this.isMoved = true;
    this.cors = undefined;
    this.adapter.use(this.moved);
  }

  isFramework(listener: unknown): boolean {
    return listener === this.adapter.getInstance();
  }

  before(): readonly string[] {
    if (!this.isMoved) return [];
    const stack = this.stack() ?? [];
    return stack
      .slice(
        1,
        Math.max(
          1,
          stack.findIndex(({ handle }) => handle === this.moved),
        ),
      )
      .filter(({ handle }) => !isHookOfAdapter(handle))
      .flatMap(({ handle, route }) => (route ? `route ${String(route.path)}` : (servingName(handle) ?? [])));
  }

  remarks(): readonly string[] {
    return [];
  }

  private stack(): Layer[] | undefined {
    return this.adapter.getInstance<ExpressLike>().router?.stack;
  }

  /**
   * CORS is mostly switched on after the edge is there, so its middleware runs later. It is borrowed for what ends at
   * the edge: browsers hide a 401 without CORS headers from their page.
   */
  private borrowCors(): void {
    const { adapter } = this;
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

  private readonly first: Middleware = (request, response, next) => {
    if (!this.isMoved) return this.enter(request, response, next);
    this.edge.heldAnswer(response)?.release();
    next();
  };

  private readonly moved: Middleware = (request, response, next) => this.enter(request, response, next);

  private enter(request: AnyRequest, response: ServerResponse, next: (error?: unknown) => void): void {
    const raw = rawRequest(request);
    this.edge.enter(raw, response, this.edge.requirementOf(raw), next, (denial) =>
      this.refuse(request, response, denial),
    );
  }

  private refuse(request: AnyRequest, response: ServerResponse, denial: Denial): void {
    const { cors } = this;
    const send = (): void =>
      sendDenial(response, denial, this.edge.headersOf(denial, rawRequest(request), response));
    // To OPTIONS it would answer itself.
    if (cors && request.method !== 'OPTIONS') cors(request, response, send);
    else send();
  }
}

/** Whether it is the middleware that Nest's adapter begins with, which has no name and calls hooks. */
function isHookOfAdapter(handle: Layer['handle']): boolean {
  const source = String(handle);
  return source.includes('this.onRequestHook') && source.includes('this.onResponseHook');
}
