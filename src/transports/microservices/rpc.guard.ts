import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../../access/access-policy.js';
import type { CredentialSource } from '../../access/credentials.js';
import { DENIALS } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';

/** Messages of microservices carry no credentials that are known here. */
const NO_CREDENTIALS: CredentialSource = { headers: {}, rawHeaders: [] };

/**
 * Lets messages of microservices through to handlers that are marked `@Public()`, and no others: neither credentials
 * nor paths are known there, so what guards the same handler over HTTP could not hold.
 */
@Injectable()
export class RpcGuard implements CanActivate {
  constructor(
    protected readonly policy: AccessPolicy,
    protected readonly gate: Gate,
  ) {}

  /** @returns false for Nest to answer "Forbidden resource" with an exception of this kind of call */
  canActivate(context: ExecutionContext): boolean {
    if (this.policy.isMarkedPublic(context)) return true;
    this.gate.refuse(DENIALS.unknownContext, NO_CREDENTIALS, this.policy.demandOfCall(context));
    return false;
  }
}
