import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { AccessGuard } from '../../access/access.guard.js';
import { AccessPolicy } from '../../access/access-policy.js';
import { NONE, type Requirement } from '../../access/requirement.js';
import type { Denial } from '../../access/denial.js';
import { DenialHeaders } from '../../access/denial-headers.js';
import { Gate, type Refusal } from '../../access/gate.js';
import { PublicPaths } from '../../access/paths/public-paths.js';
import { isUpgrade, parametersOf, type RawRequest } from '../../access/request-access.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import { correlationIdOfRequest } from '../../events/correlation-id.js';
import { RouteMatcher } from '../../routes/route-matcher.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import { HeldAnswer, type Beginning, type Verdict } from './held-answer.js';
import { isPreflight } from './preflight.js';

type Next = (error?: unknown) => void;

/**
 * Decides at the edge of the application, for everything that its server answers, also what Nest's guards never see:
 * Swagger UI, static files, routes added to the raw Express or Fastify instance, paths that match no route.
 * What may pass for the sake of a handler, or as a CORS preflight, is held until it is known who answers.
 */
@Injectable()
export class AccessEdge {
  private readonly leftToSockets = new WeakSet<IncomingMessage>();
  private readonly denialHeaders: DenialHeaders;

  constructor(
    private readonly policy: AccessPolicy,
    private readonly gate: Gate,
    private readonly routes: RouteMatcher,
    private readonly publicPaths: PublicPaths,
    private readonly application: ApplicationConfig,
    @Inject(FASTAUTH_CONFIG) config: FastauthConfig,
  ) {
    this.denialHeaders = new DenialHeaders(config);
  }

  /** Whether anything is asked here at all. */
  get isNeeded(): boolean {
    return this.policy.hasPathRules || !this.policy.defaultRequirement.isOpen;
  }

  /** What this request needs to be let in here: by its path, and by default what the handlers that may serve it need. */
  requirementOf(request: RawRequest): Requirement {
    const { url = '/', method = 'GET' } = request;
    const { defaultRequirement } = this.policy;
    if (defaultRequirement.isOpen) return this.requirementOfPath(request, true);
    const ofHandlers = this.routes.requirementOfHandlers(method, url);
    return this.requirementOfPath(request, true).and(
      ofHandlers ?? (this.publicPaths.opens(url) ? NONE : defaultRequirement),
    );
  }

  /** What this request needs where no handler of the application's answers it. */
  requirementWithoutHandler(request: RawRequest): Requirement {
    const { defaultRequirement } = this.policy;
    const isOpen = defaultRequirement.isOpen || this.publicPaths.opens(request.url ?? '/');
    return this.requirementOfPath(request).and(isOpen ? NONE : defaultRequirement);
  }

  /** Upgrades that are asked for their credentials once they are sockets. */
  leaveToSocket(request: IncomingMessage): void {
    this.leftToSockets.add(request);
  }

  /**
   * Lets a request in, or not.
   * @param requirement {@link requirementOf} it, and what is asked besides, such as by the pattern of its route
   * @param refuse answers a refusal
   */
  enter(
    request: RawRequest,
    response: ServerResponse,
    requirement: Requirement,
    pass: Next,
    refuse: (denial: Denial) => void,
  ): void {
    if (isUpgrade(request) && this.leftToSockets.has(request)) return pass();
    this.heldAnswer(response)?.release();
    if (!requirement.isOpen && this.isPassingPreflight(request)) {
      this.hold(request, response, requirement);
      return pass();
    }
    const rest = this.missingOfOthers(request, requirement);
    if (rest.isOpen || !this.routes.isGuarded)
      return this.decide(request, response, requirement, pass, refuse);
    // What answers may be no handler, and would need more.
    const passHeld = (error?: unknown): void => {
      if (error === undefined) this.hold(request, response, requirement.and(rest));
      pass(error);
    };
    this.decide(request, response, requirement, passHeld, refuse);
  }

  /** Holds an answer that may be begun by somebody before the request has reached {@link enter}, such as by a listener of the server. */
  holdUntilEntered(request: RawRequest, response: ServerResponse): void {
    const requirement = this.requirementWithoutHandler(request);
    if (!requirement.isOpen && !this.heldAnswer(response)) this.hold(request, response, requirement);
  }

  /** What is held of this response; undefined where it may begin. */
  heldAnswer(response: ServerResponse): HeldAnswer | undefined {
    return HeldAnswer.find(response, this.policy);
  }

  /** The headers that go with a refusal of this request. */
  headersOf(denial: Denial, request: RawRequest, response: ServerResponse): Record<string, string> {
    return this.denialHeaders.of(denial, correlationIdOfRequest(request, response));
  }

  /** What more somebody else would need who answers in the place of a handler that is open, or of an endpoint of ours. */
  private missingOfOthers(request: RawRequest, requirement: Requirement): Requirement {
    const { defaultRequirement, sparesEndpoints } = this.policy;
    const byPath = sparesEndpoints ? this.requirementOfPath(request) : NONE;
    const isDefault = !requirement.implies(defaultRequirement) && !this.publicPaths.opens(request.url ?? '/');
    const ofOthers = isDefault ? byPath.and(defaultRequirement) : byPath;
    return requirement.implies(ofOthers) ? NONE : ofOthers;
  }

  /**
   * The URL as it came and, where something rewrote it since, as it is now.
   * @param mayBeOwn whether an endpoint of ours may be what answers
   */
  private requirementOfPath({ url = '/', originalUrl, method }: RawRequest, mayBeOwn = false): Requirement {
    const requirement = this.policy.requirementOfTarget(url, method, mayBeOwn);
    return originalUrl === undefined || originalUrl === url
      ? requirement
      : requirement.and(this.policy.requirementOfTarget(originalUrl, method, mayBeOwn));
  }

  /**
   * A preflight passes to whoever answers those, but runs no handler: where no guard of ours stands before all of them,
   * none may be found there.
   */
  private isPassingPreflight(request: IncomingMessage): boolean {
    if (!isPreflight(request)) return false;
    // An application's tests have put another guard in its place.
    if (!this.routes.isGuarded) return true;
    if (this.application.getGlobalGuards().some((guard) => guard instanceof AccessGuard)) return true;
    return this.routes.handlersOf('OPTIONS', request.url ?? '/')?.length === 0;
  }

  private hold(request: RawRequest, response: ServerResponse, requirement: Requirement): void {
    const decide = (beginning: Beginning): MaybePromise<Verdict> =>
      this.judge(request, response, requirement, beginning);
    // The guard finds it by the policy, which each application has one of.
    HeldAnswer.hold(response, this.policy, decide, (denial) => this.headersOf(denial, request, response));
  }

  private judge(
    request: RawRequest,
    response: ServerResponse,
    requirement: Requirement,
    { allowsOrigin, reached }: Beginning,
  ): MaybePromise<Verdict> {
    if (reached && reached.by === parametersOf(request)) return 'as it is';
    if (allowsOrigin && isPreflight(request)) return 'headers alone';
    const outcome = this.gate.admit(this.gate.callOf(request, response), requirement);
    return outcome instanceof Promise ? outcome.then(verdictOf) : verdictOf(outcome);
  }

  /** Endpoints of ours are enforced, whatever is only observed elsewhere. */
  private refusalOf({ method = 'GET', url = '/' }: RawRequest): Refusal {
    if (!this.gate.isObserving) return 'whole';
    const handlers = this.routes.handlersOf(method, url) ?? [];
    return handlers.some(({ controller, handlerName }) => this.policy.isEndpoint(controller, handlerName))
      ? 'enforced'
      : 'whole';
  }

  private decide(
    request: RawRequest,
    response: ServerResponse,
    requirement: Requirement,
    pass: Next,
    refuse: (denial: Denial) => void,
  ): void {
    if (requirement.isOpen) return pass();
    let outcome: MaybePromise<Denial | undefined>;
    try {
      outcome = this.gate.admit(this.gate.callOf(request, response), requirement, this.refusalOf(request));
    } catch (error) {
      return pass(error);
    }
    if (outcome instanceof Promise) {
      outcome.then((denial) => (denial ? refuse(denial) : pass()), pass);
    } else if (outcome) refuse(outcome);
    else pass();
  }
}

function verdictOf(denial: Denial | undefined): Verdict {
  return denial ?? 'as it is';
}
