import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../../access/access-policy.js';
import {
  ACCESS_TOKEN,
  MASTER_TOKEN,
  type CredentialSet,
  type Requirement,
} from '../../access/requirement.js';
import { AccessDeniedException, denialOfFault, DENIALS, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import { LiveSockets } from '../live/live-sockets.js';
import { callOfMessage } from './socket-peer.js';
import { MessageRefusal } from './socket-refusal.js';

/**
 * Lets a message through to its handler, or not. What the handshake has proved is not verified again, as long as
 * the socket's token is not known to have ended. Refusals are told of like those of requests.
 */
@Injectable()
export class WsGuard implements CanActivate {
  constructor(
    protected readonly policy: AccessPolicy,
    protected readonly sockets: LiveSockets,
    protected readonly gate: Gate,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'ws') throw new AccessDeniedException(DENIALS.unknownContext);
    const requirement = this.policy.requirementOfCall(context);
    if (requirement.isOpen) return true;
    const client = context.switchToWs().getClient<object>();
    const denial = this.denialOf(client, requirement);
    if (denial === undefined) return true;
    const call = callOfMessage(client);
    if (this.gate.observes(denial, call, requirement, 'part')) return true;
    return this.deny(this.gate.refuse(denial, call, requirement));
  }

  /** What speaks against it that a message of this client needs this much. */
  protected denialOf(client: object, requirement: Requirement): Denial | undefined {
    return this.gate.recheck(client, requirement, (credentials) => this.endingOf(client, credentials));
  }

  /** Which of the credentials that the handshake has proved is good no more. */
  private endingOf(client: object, credentials: CredentialSet): Denial | undefined {
    if (credentials & MASTER_TOKEN && this.sockets.hasExpired(client)) return DENIALS.badMasterToken;
    const fault = credentials & ACCESS_TOKEN ? this.sockets.faultOf(client) : undefined;
    return fault && denialOfFault(fault);
  }

  /**
   * Answers a refusal. The payload is an object, because to a text Nest would add the message that was refused.
   * @throws WsException always
   */
  protected async deny(denial: Denial): Promise<never> {
    const { WsException } = await import('@nestjs/websockets');
    throw new WsException(new MessageRefusal(denial));
  }
}
