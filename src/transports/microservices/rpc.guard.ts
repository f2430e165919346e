import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../../access/access-policy.js';
import { AccessDeniedException, DENIALS, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import { isEventHandler } from '../../routes/called-handlers.js';
import { callOfMessage, correlationIdOfMessage } from './message-call.js';
import { messageDenial } from './message-denial.js';

/**
 * Lets messages of microservices through to their handlers, or not. A handler without decorators is open only where it
 * is marked `@Public()`: what path rules ask of it over HTTP cannot be asked here.
 */
@Injectable()
export class RpcGuard implements CanActivate {
  constructor(
    protected readonly policy: AccessPolicy,
    protected readonly gate: Gate,
    @Inject(FASTAUTH_CONFIG) protected readonly config: Pick<FastauthConfig, 'messageTokenKey'>,
  ) {}

  /** Rejects for a refusal, with the exception of this kind of call. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Whatever is asked, a token does not reach the handler.
    const call = callOfMessage(context, this.config.messageTokenKey);
    if (this.policy.isMarkedPublic(context)) return true;
    const requirement = this.policy.requirementOfCall(context);
    const denial = requirement.isOpen
      ? this.gate.refuse(DENIALS.unknownContext, call, requirement)
      : await this.gate.admit(call, requirement);
    return denial === undefined || this.deny(context, denial);
  }

  /** Answers a refusal. @throws RpcException always; of an event AccessDeniedException */
  protected async deny(context: ExecutionContext, denial: Denial): Promise<never> {
    // Nobody hears of it, and Nest would log every RpcException, as many as a stranger sends.
    if (isEventHandler(context.getHandler())) throw AccessDeniedException.withoutStack(denial);
    const { RpcException } = await import('@nestjs/microservices');
    throw new RpcException(
      messageDenial(denial, context.switchToRpc().getContext(), correlationIdOfMessage(context)),
    );
  }
}
