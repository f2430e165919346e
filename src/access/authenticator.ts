import { Injectable } from '@nestjs/common';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { MaybePromise } from '../sessions/token-store.js';
import { unitedPrincipal, type Principal } from '../tokens/principal.js';
import { TokenFault } from '../tokens/token-fault.js';
import { TokenService } from '../tokens/token.service.js';
import { AMBIGUOUS, readCredentials, type CredentialSource } from './credentials.js';
import { ACCESS, MASTER, type Demand } from './demand.js';
import { DENIALS, denialOfError, denialOfFault, denialOfLimit, type Denial } from './denial.js';
import { MasterTokens } from './master-tokens.js';

/** Decides whether the credentials of a request meet a demand. The one place where that is decided. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: TokenService,
    private readonly masterTokens: MasterTokens,
    private readonly limiter: AttemptLimiter,
  ) {}

  /** Never throws for what a client sent or a store did; answers without a promise where the store can. */
  authenticate(demand: Demand, source: CredentialSource): MaybePromise<Principal | Denial> {
    const credentials = readCredentials(source);
    if (credentials === AMBIGUOUS) return DENIALS.ambiguous;
    let master: Principal | undefined;
    if (demand & MASTER) {
      if (credentials.masterToken === undefined) return DENIALS.noMasterToken;
      const wait = this.limiter.waitOf('master', source);
      if (wait !== undefined) return denialOfLimit(wait);
      master = this.masterTokens.principalOf(credentials.masterToken);
      if (!master) {
        const tooMany = this.limiter.failed('master', source);
        return tooMany === undefined ? DENIALS.badMasterToken : denialOfLimit(tooMany);
      }
      if (!(demand & ACCESS)) return master;
    }
    const { accessToken } = credentials;
    if (accessToken === undefined) return DENIALS.noAccessToken;
    try {
      if (!this.limiter.isIdle) {
        const seen = this.tokens.lastSeen(accessToken);
        const wait =
          seen && !seen.wasCurrent ? this.limiter.waitOf('client', source, seen.clientId) : undefined;
        if (wait !== undefined) return denialOfLimit(wait);
      }
      const result = this.tokens.check(accessToken, connectionOf(source));
      return result instanceof Promise
        ? result.then((value) => this.outcome(master, source, accessToken, value), denialOfError)
        : this.outcome(master, source, accessToken, result);
    } catch (error) {
      return denialOfError(error);
    }
  }

  /** The master token by which something was opened before. */
  masterNamed(name: string): Principal | undefined {
    return this.masterTokens.named(name);
  }

  private outcome(
    master: Principal | undefined,
    source: CredentialSource,
    accessToken: string,
    result: Principal | TokenFault,
  ): Principal | Denial {
    if (result instanceof TokenFault) {
      // An honest token that has ended is no attempt at anything.
      if (result !== TokenFault.expired) {
        // Only a token that is ours is remembered as a client's.
        const clientId =
          result === TokenFault.notCurrent || result === TokenFault.unknownClient
            ? this.tokens.lastSeen(accessToken)?.clientId
            : undefined;
        const wait = this.limiter.failed(clientId === undefined ? 'token' : 'client', source, clientId);
        if (wait !== undefined) return denialOfLimit(wait);
      }
      return denialOfFault(result);
    }
    return master ? unitedPrincipal(result, master) : result;
  }
}

/** What may keep the token: an HTTP connection. A socket outlives its handshake by hours and has no more use for it. */
function connectionOf({ socket, handshakeTokens }: CredentialSource): object | undefined {
  return handshakeTokens === undefined ? socket : undefined;
}
