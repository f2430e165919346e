import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../access/access-policy.js';
import { ACCESS, MASTER, NONE } from '../access/demand.js';
import { denialBody, denialOfFault, DENIALS, type Denial } from '../access/denial.js';
import { readAccess } from '../access/request-access.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { Clock } from '../tokens/clock.js';
import { TokenFault } from '../tokens/token-fault.js';

/**
 * Lets a message through to its handler, or not. What the handshake has proved is not verified again; only
 * time may have passed over the token.
 */
@Injectable()
export class WsGuard implements CanActivate {
  constructor(
    protected readonly policy: AccessPolicy,
    protected readonly clock: Clock,
    @Inject(FASTAUTH_CONFIG) protected readonly config: FastauthConfig,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const demand = this.policy.demandOfHandler(context.getHandler(), context.getClass());
    if (demand === NONE) return true;
    const access = readAccess(context.switchToWs().getClient<object>());
    const missing = demand & ~(access?.proved ?? NONE);
    if (missing & MASTER) return this.deny(DENIALS.noMasterToken);
    if (missing & ACCESS) return this.deny(DENIALS.noAccessToken);
    const expiresAt = access?.principal.expiresAt;
    if (demand & ACCESS && expiresAt !== undefined && this.isPast(expiresAt))
      return this.deny(denialOfFault(TokenFault.expired));
    return true;
  }

  /**
   * Answers a refusal. The payload is an object, because to a text Nest would add the message that was refused.
   * @throws WsException always
   */
  protected async deny(denial: Denial): Promise<never> {
    const { WsException } = await import('@nestjs/websockets');
    throw new WsException({ status: 'error', ...denialBody(denial) });
  }

  private isPast(expiresAt: number): boolean {
    return expiresAt + this.config.clockTolerance <= this.clock.now() / 1000;
  }
}
