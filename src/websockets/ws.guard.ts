import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../access/access-policy.js';
import { ACCESS, MASTER, NONE } from '../access/demand.js';
import { AccessDeniedException, denialBody, denialOfFault, DENIALS, type Denial } from '../access/denial.js';
import { readAccess } from '../access/request-access.js';
import { LiveSockets } from './live-sockets.js';

/**
 * Lets a message through to its handler, or not. What the handshake has proved is not verified again, as long as
 * the socket's token is not known to have ended.
 */
@Injectable()
export class WsGuard implements CanActivate {
  constructor(
    protected readonly policy: AccessPolicy,
    protected readonly sockets: LiveSockets,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'ws') throw new AccessDeniedException(DENIALS.unknownContext);
    const demand = this.policy.demandOfHandler(context.getHandler(), context.getClass());
    if (demand === NONE) return true;
    const client = context.switchToWs().getClient<object>();
    const missing = demand & ~(readAccess(client)?.proved ?? NONE);
    if (missing & MASTER) return this.deny(DENIALS.noMasterToken);
    if (missing & ACCESS) return this.deny(DENIALS.noAccessToken);
    const fault = demand & ACCESS ? this.sockets.faultOf(client) : undefined;
    return fault === undefined || this.deny(denialOfFault(fault));
  }

  /**
   * Answers a refusal. The payload is an object, because to a text Nest would add the message that was refused.
   * @throws WsException always
   */
  protected async deny(denial: Denial): Promise<never> {
    const { WsException } = await import('@nestjs/websockets');
    throw new WsException({ status: 'error', ...denialBody(denial) });
  }
}
