import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../../access/access-policy.js';
import { ACCESS, MASTER, NONE, type Demand } from '../../access/demand.js';
import { AccessDeniedException, denialOfFault, DENIALS, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import { LiveSockets } from './live/live-sockets.js';
import { sourceOfMessage } from './socket-peer.js';
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
    const demand = this.policy.demandOfCall(context);
    if (demand === NONE) return true;
    const client = context.switchToWs().getClient<object>();
    const denial = this.denialOf(client, demand);
    return denial === undefined || this.deny(this.gate.refuse(denial, sourceOfMessage(client), demand));
  }

  /** What speaks against it that a message of this client needs this much. */
  protected denialOf(client: object, demand: Demand): Denial | undefined {
    const missing = demand & ~(this.gate.proofs.read(client)?.proved ?? NONE);
    if (missing & MASTER) return DENIALS.noMasterToken;
    if (missing & ACCESS) return DENIALS.noAccessToken;
    if (demand & MASTER && this.sockets.hasExpired(client)) return DENIALS.badMasterToken;
    const fault = demand & ACCESS ? this.sockets.faultOf(client) : undefined;
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
