import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { AccessGuard } from '../../access/access.guard.js';
import { AccessPolicy } from '../../access/access-policy.js';
import { NONE, type Demand } from '../../access/demand.js';
import { denialHeaders, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import { PublicPaths } from '../../access/paths/public-paths.js';
import { parametersOf, type RawRequest } from '../../access/request-access.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
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
  constructor(
    private readonly policy: AccessPolicy,
    private readonly gate: Gate,
    private readonly routes: RouteMatcher,
    private readonly publicPaths: PublicPaths,
    private readonly application: ApplicationConfig,
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
  ) {}

  /** Whether anything is asked here at all. */
  get isNeeded(): boolean {
    return this.policy.hasPathRules || this.policy.defaultDemand !== NONE;
  }

  /** What this request needs to be let in here: by its path, and by default what the handlers that may serve it need. */
  demandOf(request: RawRequest): Demand {
    const { url = '/', method = 'GET' } = request;
    const { defaultDemand } = this.policy;
    if (defaultDemand === NONE) return this.demandOfPath(request, method);
    const ofHandlers = this.routes.demandOfHandlers(method, url);
    return (
      this.demandOfPath(request, method) |
      (ofHandlers ?? (this.publicPaths.opens(url) ? NONE : defaultDemand))
    );
  }

  /** What this request needs where no handler of the application's answers it. */
  demandWithoutHandler(request: RawRequest): Demand {
    const { defaultDemand } = this.policy;
    const isOpen = defaultDemand === NONE || this.publicPaths.opens(request.url ?? '/');
    return this.demandOfPath(request) | (isOpen ? NONE : defaultDemand);
  }

  /**
   * Lets a request in, or not.
   * @param demand {@link demandOf} it, and what is asked besides, such as by the pattern of its route
   * @param refuse answers a refusal
   */
  enter(
    request: RawRequest,
    response: ServerResponse,
    demand: Demand,
    pass: Next,
    refuse: (denial: Denial) => void,
  ): void {
    this.heldAnswer(response)?.release();
    if (demand !== NONE && this.isPassingPreflight(request)) {
      this.hold(request, response, demand);
      return pass();
    }
    const rest = this.missingOfOthers(request, demand);
    if (rest === NONE || !this.routes.isGuarded) return this.decide(request, demand, pass, refuse);
    // What answers may be no handler, and would need more.
    const passHeld = (error?: unknown): void => {
      if (error === undefined) this.hold(request, response, demand | rest);
      pass(error);
    };
    this.decide(request, demand, passHeld, refuse);
  }

  /** Holds an answer that may be begun by somebody before the request has reached {@link enter}, such as by a listener of the server. */
  holdUntilEntered(request: RawRequest, response: ServerResponse): void {
    const demand = this.demandWithoutHandler(request);
    if (demand !== NONE && !this.heldAnswer(response)) this.hold(request, response, demand);
  }

  /** What is held of this response; undefined where it may begin. */
  heldAnswer(response: ServerResponse): HeldAnswer | undefined {
    return HeldAnswer.find(response, this.policy);
  }

  headersOf(denial: Denial): Record<string, string> {
    return denialHeaders(denial, this.config.appName);
  }

  /** What more somebody else would need who answers in the place of a handler that is open, or of an endpoint of ours. */
  private missingOfOthers(request: RawRequest, demand: Demand): Demand {
    const { defaultDemand, sparesEndpoints } = this.policy;
    const byPath = sparesEndpoints ? this.demandOfPath(request) & ~demand : NONE;
    const byDefault = defaultDemand & ~demand;
    return byDefault === NONE || this.publicPaths.opens(request.url ?? '/') ? byPath : byPath | byDefault;
  }

  /**
   * The URL as it came and, where something rewrote it since, as it is now.
   * @param method where an endpoint of ours may be what answers
   */
  private demandOfPath({ url = '/', originalUrl }: RawRequest, method?: string): Demand {
    const demand = this.policy.demandOfTarget(url, method);
    return originalUrl === undefined || originalUrl === url
      ? demand
      : demand | this.policy.demandOfTarget(originalUrl, method);
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

  private hold(request: RawRequest, response: ServerResponse, demand: Demand): void {
    const decide = (beginning: Beginning): MaybePromise<Verdict> => this.judge(request, demand, beginning);
    // The guard finds it by the policy, which each application has one of.
    HeldAnswer.hold(response, this.policy, decide, this.config.appName);
  }

  private judge(
    request: RawRequest,
    demand: Demand,
    { allowsOrigin, reached }: Beginning,
  ): MaybePromise<Verdict> {
    if (reached && reached.by === parametersOf(request)) return 'as it is';
    if (allowsOrigin && isPreflight(request)) return 'headers alone';
    const outcome = this.gate.admit(request, request, demand);
    return outcome instanceof Promise ? outcome.then(verdictOf) : verdictOf(outcome);
  }

  private decide(request: RawRequest, demand: Demand, pass: Next, refuse: (denial: Denial) => void): void {
    if (demand === NONE) return pass();
    let outcome: MaybePromise<Denial | undefined>;
    try {
      outcome = this.gate.admit(request, request, demand);
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
