import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AccessPolicy } from './access-policy.js';
import type { CredentialSource } from './credentials.js';
import { NONE } from './demand.js';
import { DENIALS } from './denial.js';
import { Gate } from './gate.js';

/** Messages of microservices carry no credentials that are known here. */
const NO_CREDENTIALS: CredentialSource = { headers: {}, rawHeaders: [] };

/**
 * Lets messages of microservices through to handlers that need nothing, and no others: what a decorator asks for
 * cannot be shown there, so nothing that is guarded becomes open by being reached in another way.
 */
@Injectable()
export class RpcGuard implements CanActivate {
  constructor(
    protected readonly policy: AccessPolicy,
    protected readonly gate: Gate,
  ) {}

  /** @returns false for Nest to answer "Forbidden resource" with an exception of this kind of call */
  canActivate(context: ExecutionContext): boolean {
    const demand = this.policy.demandOfHandler(context.getHandler(), context.getClass());
    if (demand === NONE) return true;
    this.gate.refuse(DENIALS.unknownContext, NO_CREDENTIALS, demand);
    return false;
  }
}
