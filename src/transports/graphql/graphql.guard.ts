import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../../access/access-policy.js';
import { DENIALS, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import { requestOfGraphql } from '../../access/graphql-context.js';
import { isUpgrade, type RawRequest, showPrincipal } from '../../access/request-access.js';
import { NONE } from '../../access/requirement.js';
import { correlationIdOfRequest } from '../../events/correlation-id.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import { GraphqlConnections } from './graphql-connections.js';
import { GraphqlDenialException } from './graphql-denial.js';
import { OperationDecisions } from './operation-decisions.js';

/**
 * Lets GraphQL resolve a field by its handler, or not. Of one request all resolvers are decided by what its token has
 * proved once.
 */
@Injectable()
export class GraphqlGuard implements CanActivate {
  private readonly decisions = new WeakMap<RawRequest, OperationDecisions>();

  constructor(
    protected readonly policy: AccessPolicy,
    protected readonly gate: Gate,
    private readonly connections: GraphqlConnections,
  ) {}

  /** Rejects for a refusal, with the exception of this kind of call. */
  canActivate(context: ExecutionContext): MaybePromise<boolean> {
    const request = requestOfGraphql(context);
    if (request && isUpgrade(request) && this.connections.isAdmitted(request)) {
      const denial = this.connections.recheck(request, this.policy.requirementOfCall(context));
      return denial === undefined || this.deny(denial, request);
    }
    // Of other sockets it is not known by whose token they live.
    if (!request || isUpgrade(request)) return this.withoutRequest(context);
    const outcome = this.decisionsOf(request).decide(this.policy.requirementOfCall(context), (requirement) =>
      this.gate.admit(this.gate.callOf(request), requirement, 'part'),
    );
    if (outcome instanceof Promise) {
      return outcome.then((denial) => denial === undefined || this.deny(denial, request));
    }
    return outcome === undefined || this.deny(outcome, request);
  }

  /** Answers a refusal. @throws AccessDeniedException always, with `extensions` for GraphQL's answer */
  protected deny(denial: Denial, request: RawRequest): Promise<never> {
    return Promise.reject(new GraphqlDenialException(denial, correlationIdOfRequest(request)));
  }

  private decisionsOf(request: RawRequest): OperationDecisions {
    const known = this.decisions.get(request);
    if (known) return known;
    const { originalUrl, url = '/', method } = request;
    const decisions = new OperationDecisions(
      this.policy.hasPathRules ? this.policy.requirementOfTarget(originalUrl ?? url, method) : NONE,
    );
    this.decisions.set(request, decisions);
    // An application that this one is mounted into may have shown another.
    showPrincipal(request, this.gate.proofs.read(request)?.principal);
    return decisions;
  }

  private withoutRequest(context: ExecutionContext): boolean {
    if (this.policy.isMarkedPublic(context)) return true;
    throw new GraphqlDenialException(DENIALS.unknownContext, undefined);
  }
}
