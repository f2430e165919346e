import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AccessPolicy } from '../../access/access-policy.js';
import type { Requirement } from '../../access/requirement.js';
import { AccessDeniedException, DENIALS, type Denial } from '../../access/denial.js';
import { DenialHeaders } from '../../access/denial-headers.js';
import { exposingChallenge } from '../../access/exposed-challenge.js';
import { Gate } from '../../access/gate.js';
import {
  type AnyResponse,
  parametersOf,
  rawRequest,
  rawResponse,
  showPrincipal,
  type AnyRequest,
} from '../../access/request-access.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import { type AnsweredHeaders, correlationIdOfRequest } from '../../events/correlation-id.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import { headerOf } from '../../access/framework-response.js';
import { HeldAnswer } from './held-answer.js';
import { LiveStreams } from './live-streams.js';
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
  readonly #denialHeaders: DenialHeaders;
  /** By property, so that subclasses need not hand it on. */
  @Inject(LiveStreams)
  private readonly streams!: LiveStreams;

  constructor(
    protected readonly policy: AccessPolicy,
    protected readonly gate: Gate,
    adapterHost: HttpAdapterHost,
    @Inject(FASTAUTH_CONFIG) protected readonly config: FastauthConfig,
  ) {
    this.#adapterHost = adapterHost;
    this.#denialHeaders = new DenialHeaders(config);
  }

  protected get adapterHost(): HttpAdapterHost {
    return this.#adapterHost;
  }

  /** Rejects for a refusal instead of throwing: to unwind the stack costs a tenth of the answer. */
  canActivate(context: ExecutionContext): MaybePromise<boolean> {
    // Once, since Nest makes the answer anew each time.
    const http = context.switchToHttp();
    const request = http.getRequest<RoutedRequest | undefined>();
    // Contexts of other kinds count as HTTP until they are given a type.
    if (!isRequest(request)) return this.withoutRequest(context);
    const response = http.getResponse<Response>();
    const raw = rawRequest(request);
    // Whatever is answered from here on is the handler's answer, or this guard's.
    heldOf(response, this.policy)?.reach(parametersOf(raw));
    const requirement = this.requirementOf(context, request);
    if (requirement.isOpen) {
      showPrincipal(raw, undefined);
      return true;
    }
    // Endpoints of ours are enforced, whatever is only observed elsewhere.
    const refusal = this.gate.isObserving && this.policy.isEndpointCall(context) ? 'enforced' : 'whole';
    const outcome = this.gate.admit(this.gate.callOf(raw, answeredHeaders(response)), requirement, refusal);
    if (outcome === undefined) return this.admit(context, request, response, requirement);
    if (outcome instanceof Promise)
      return outcome.then((denial) =>
        denial === undefined
          ? this.admit(context, request, response, requirement)
          : this.deny(context, denial),
      );
    return this.deny(context, outcome);
  }

  /**
   * Before any guard is asked: what other guards refuse is told as they say it, where nothing is missing for the
   * handler behind them.
   */
  approach(context: ExecutionContext): void {
    const http = context.switchToHttp();
    const held = heldOf(http.getResponse<Response>(), this.policy);
    if (!held) return;
    const request = http.getRequest<RoutedRequest>();
    const raw = rawRequest(request);
    if (this.gate.isMet(raw, this.requirementOf(context, request))) held.reach(parametersOf(raw));
  }

  /** What this request needs: decorators and default, the matched route's pattern, and the URL as it was sent and as it is now. */
  protected requirementOf(context: ExecutionContext, request: RoutedRequest): Requirement {
    const declared = this.policy.requirementOfCall(context);
    if (!this.policy.hasPathRules) return declared;
    const raw = rawRequest(request);
    const decided = this.gate.proofs.readPathRequirement(raw);
    if (decided !== undefined) return declared.and(decided);
    const pattern = request.route?.path ?? request.routeOptions?.url;
    const { url = '/', originalUrl = url, method } = raw;
    const handler = context.getHandler();
    const ofRoute = typeof pattern === 'string' ? pattern : undefined;
    const asked = declared.and(this.policy.requirementOfRequest(handler, ofRoute, originalUrl, method));
    // What middleware made of the URL is what the router has matched.
    return originalUrl === url
      ? asked
      : asked.and(this.policy.requirementOfRequest(handler, undefined, url, method));
  }

  /** Answers a refusal: rejects with an {@link AccessDeniedException}, always. */
  protected deny(context: ExecutionContext, denial: Denial): Promise<never> {
    const http = context.switchToHttp();
    const response = http.getResponse<AnyResponse>();
    const id = correlationIdOfRequest(rawRequest(http.getRequest<AnyRequest>()), answeredHeaders(response));
    const own = this.#denialHeaders.of(denial, id);
    const headers = exposingChallenge(own, (name) => headerOf(response, name));
    const { httpAdapter } = this.#adapterHost;
    for (const name of Object.keys(headers)) httpAdapter.setHeader(response, name, headers[name] as string);
    const exception = AccessDeniedException.withoutStack(denial);
    // Rejected once Nest awaits it: of each promise that is rejected sooner, Node keeps a record and takes it back.
    return SETTLED.then(() => {
      throw exception;
    });
  }

  private admit(
    context: ExecutionContext,
    request: RoutedRequest,
    response: Response,
    requirement: Requirement,
  ): true {
    const raw = rawRequest(request);
    // An application that this one is mounted into may have shown another.
    const principal = this.gate.proofs.read(raw)?.principal;
    showPrincipal(raw, principal);
    const { userProperty } = this.config;
    if (userProperty !== undefined && principal !== undefined) {
      Object.assign(request, { [userProperty]: principal });
    }
    if (response && this.streams.isNeeded && this.streams.isStream(context)) {
      this.streams.follow(raw, rawResponse(response), this.gate);
    }
    if (response) keepFromSharedCaches(response, requirement, this.gate.cookie !== undefined);
    return true;
  }

  private withoutRequest(context: ExecutionContext): boolean {
    if (this.policy.isMarkedPublic(context)) return true;
    throw new AccessDeniedException(DENIALS.unknownContext);
  }
}

const SETTLED = Promise.resolve();

/** Contexts that an application makes itself may have none. */
type Response = AnyResponse | null | undefined;

function answeredHeaders(response: Response): AnsweredHeaders | undefined {
  return typeof response?.getHeader === 'function' ? response : undefined;
}

function isRequest(request: RoutedRequest | undefined): request is RoutedRequest {
  return typeof request === 'object' && request !== null && typeof rawRequest(request).headers === 'object';
}

/** What the edge holds of this answer; undefined where it may begin. */
function heldOf(response: Response, owner: object): HeldAnswer | undefined {
  if (typeof response !== 'object' || response === null) return undefined;
  return HeldAnswer.find(rawResponse(response), owner);
}
