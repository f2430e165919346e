import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AccessPolicy } from '../../access/access-policy.js';
import { NONE, type Demand } from '../../access/demand.js';
import { AccessDeniedException, denialHeaders, DENIALS, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import {
  type AnyResponse,
  parametersOf,
  rawRequest,
  rawResponse,
  showPrincipal,
  type AnyRequest,
  type RawRequest,
} from '../../access/request-access.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import { HeldAnswer } from './held-answer.js';
import { keepFromSharedCaches } from './shared-caches.js';

type RoutedRequest = AnyRequest & {
  /** Express */
  readonly route?: { readonly path: unknown };
  /** Fastify */
  readonly routeOptions?: { readonly url?: string | undefined };
};

/**
 * Lets an HTTP request through to its handler, or not. Its protected steps are there to be overridden; give the
 * subclass as `forRoot({ httpGuard })`.
 */
@Injectable()
export class HttpGuard implements CanActivate {
  readonly #adapterHost: HttpAdapterHost;

  constructor(
    protected readonly policy: AccessPolicy,
    protected readonly gate: Gate,
    adapterHost: HttpAdapterHost,
    @Inject(FASTAUTH_CONFIG) protected readonly config: FastauthConfig,
  ) {
    this.#adapterHost = adapterHost;
  }

  protected get adapterHost(): HttpAdapterHost {
    return this.#adapterHost;
  }

  /** Rejects for a refusal instead of throwing: to unwind the stack costs a tenth of the answer. */
  canActivate(context: ExecutionContext): MaybePromise<boolean> {
    const request = context.switchToHttp().getRequest<RoutedRequest | undefined>();
    // Contexts of other kinds count as HTTP until they are given a type.
    if (!isRequest(request)) return this.withoutRequest(context);
    const raw = rawRequest(request);
    // Whatever is answered from here on is the handler's answer, or this guard's.
    heldFor(context, this.policy)?.reach(parametersOf(raw));
    const demand = this.demandOf(context, request);
    if (demand === NONE) {
      showPrincipal(raw, undefined);
      return true;
    }
    const outcome = this.gate.admit(raw, raw, demand);
    if (outcome === undefined) return this.admit(context, raw, demand);
    if (outcome instanceof Promise)
      return outcome.then((denial) =>
        denial === undefined ? this.admit(context, raw, demand) : this.deny(context, denial),
      );
    return this.deny(context, outcome);
  }

  /**
   * Before any guard is asked: what other guards refuse is told as they say it, where nothing is missing for the
   * handler behind them.
   */
  approach(context: ExecutionContext): void {
    const held = heldFor(context, this.policy);
    if (!held) return;
    const request = context.switchToHttp().getRequest<RoutedRequest>();
    const raw = rawRequest(request);
    const proved = this.gate.proofs.read(raw)?.proved ?? NONE;
    if ((this.demandOf(context, request) & ~proved) === NONE) held.reach(parametersOf(raw));
  }

  /** What this request needs: decorators and default, the matched route's pattern, and the URL as it was sent. */
  protected demandOf(context: ExecutionContext, request: RoutedRequest): Demand {
    const declared = this.policy.demandOfCall(context);
    if (!this.policy.hasPathRules) return declared;
    const raw = rawRequest(request);
    const decided = this.gate.proofs.readPathDemand(raw);
    if (decided !== undefined) return declared | decided;
    const pattern = request.route?.path ?? request.routeOptions?.url;
    const { originalUrl, url = '/' } = raw;
    return (
      declared |
      this.policy.demandOfRequest(
        context.getHandler(),
        typeof pattern === 'string' ? pattern : undefined,
        originalUrl ?? url,
        raw.method,
      )
    );
  }

  /** Answers a refusal: rejects with an {@link AccessDeniedException}, always. */
  protected deny(context: ExecutionContext, denial: Denial): Promise<never> {
    const response: unknown = context.switchToHttp().getResponse();
    for (const [name, value] of Object.entries(denialHeaders(denial, this.config.appName))) {
      this.#adapterHost.httpAdapter.setHeader(response, name, value);
    }
    return Promise.reject(AccessDeniedException.withoutStack(denial));
  }

  private admit(context: ExecutionContext, raw: RawRequest, demand: Demand): true {
    // An application that this one is mounted into may have shown another.
    showPrincipal(raw, this.gate.proofs.read(raw)?.principal);
    keepFromSharedCaches(context.switchToHttp().getResponse(), demand);
    return true;
  }

  private withoutRequest(context: ExecutionContext): boolean {
    if (this.policy.isMarkedPublic(context)) return true;
    throw new AccessDeniedException(DENIALS.unknownContext);
  }
}

function isRequest(request: RoutedRequest | undefined): request is RoutedRequest {
  return typeof request === 'object' && request !== null && typeof rawRequest(request).headers === 'object';
}

/** What the edge holds of the answer to this call; undefined where it may begin. */
function heldFor(context: ExecutionContext, owner: object): HeldAnswer | undefined {
  const response = context.switchToHttp().getResponse<AnyResponse | null | undefined>();
  // Contexts that an application makes itself may have none.
  if (typeof response !== 'object' || response === null) return undefined;
  return HeldAnswer.find(rawResponse(response), owner);
}
