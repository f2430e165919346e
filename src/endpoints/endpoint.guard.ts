import { type CanActivate, type ExecutionContext, Injectable, type Type } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import { type AnsweredHeaders, correlationIdOfRequest } from '../events/correlation-id.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import { EndpointAnswer } from './endpoint-answer.js';
import { EndpointBodies } from './endpoint-bodies.js';
import { readEndpoint } from './endpoint-metadata.js';
import type { TokenRequest } from './token-request.js';

/** The last guard before an endpoint of ours: it lets nothing pass, but has the endpoint answer. */
@Injectable()
export class EndpointGuard implements CanActivate {
  private readonly controllers = new WeakMap<Type, object | undefined>();

  constructor(
    private readonly modules: ModuleRef,
    private readonly bodies: EndpointBodies,
    private readonly events: FastauthEvents,
    private readonly limiter: AttemptLimiter,
  ) {}

  /** Rejects, always: with an {@link EndpointAnswer}, or with an error that is to be the answer. */
  async canActivate(context: ExecutionContext): Promise<never> {
    const request = context.switchToHttp().getRequest<TokenRequest>();
    const serve = readEndpoint(context.getHandler());
    if (!serve) throw new Error('EndpointGuard stands before a method without @Endpoint()');
    if (request.method === 'POST') {
      request.body = await this.bodies.parametersOf(request);
    }
    const type = context.getClass<object>();
    const controller = this.madeOnce(type) ?? (await this.madeFor(request, type));
    const raw = rawRequest(request as unknown as AnyRequest);
    const served = await this.events.correlated(
      correlationIdOfRequest(raw, context.switchToHttp().getResponse<AnsweredHeaders>()),
      async () => serve.call(controller, request),
      this.limiter.addressOf(raw),
    );
    throw served instanceof EndpointAnswer ? served : new EndpointAnswer(200, served);
  }

  /** The controller that answers all requests; undefined where one of its providers needs the request. */
  private madeOnce(type: Type): object | undefined {
    if (!this.controllers.has(type)) {
      try {
        this.controllers.set(type, this.modules.get<object>(type));
      } catch {
        this.controllers.set(type, undefined);
      }
    }
    return this.controllers.get(type);
  }

  /** As Nest would: a subclass may need the request. */
  private madeFor(request: TokenRequest, type: Type): Promise<object> {
    return this.modules.resolve<object>(type, ContextIdFactory.getByRequest(request));
  }
}
