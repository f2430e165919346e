import { Injectable } from '@nestjs/common';
import type { MaybePromise } from '../stores/token-store.js';
import { unitedPrincipal, type Principal } from '../tokens/principal.js';
import { TokenFault } from '../tokens/token-fault.js';
import { TokenService } from '../tokens/token.service.js';
import { AMBIGUOUS, readCredentials, type CredentialSource } from './credentials.js';
import { ACCESS, MASTER, type Demand } from './demand.js';
import { DENIALS, denialOfError, denialOfFault, type Denial } from './denial.js';
import { MasterTokens } from './master-tokens.js';

/** Decides whether the credentials of a request meet a demand. The one place where that is decided. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: TokenService,
    private readonly masterTokens: MasterTokens,
  ) {}

  /** Never throws for what a client sent or a store did; answers without a promise where the store can. */
  authenticate(demand: Demand, source: CredentialSource): MaybePromise<Principal | Denial> {
    const credentials = readCredentials(source);
    if (credentials === AMBIGUOUS) return DENIALS.ambiguous;
    let master: Principal | undefined;
    if (demand & MASTER) {
      if (credentials.masterToken === undefined) return DENIALS.noMasterToken;
      master = this.masterTokens.principalOf(credentials.masterToken);
      if (!master) return DENIALS.badMasterToken;
      if (!(demand & ACCESS)) return master;
    }
    if (credentials.accessToken === undefined) return DENIALS.noAccessToken;
    try {
      const result = this.tokens.check(credentials.accessToken);
      return result instanceof Promise
        ? result.then((value) => outcome(master, value), denialOfError)
        : outcome(master, result);
    } catch (error) {
      return denialOfError(error);
    }
  }
}

function outcome(master: Principal | undefined, result: Principal | TokenFault): Principal | Denial {
  if (result instanceof TokenFault) return denialOfFault(result);
  return master ? unitedPrincipal(result, master) : result;
}
