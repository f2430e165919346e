import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import type { MaybePromise } from '../stores/token-store.js';
import { MASTER_PRINCIPAL, type Principal } from '../tokens/principal.js';
import { TokenFault } from '../tokens/token-fault.js';
import { TokenService } from '../tokens/token.service.js';
import { AMBIGUOUS, readCredentials, type CredentialSource } from './credentials.js';
import { ACCESS, BOTH, MASTER, type Demand } from './demand.js';
import { DENIALS, denialOfError, denialOfFault, type Denial } from './denial.js';

/** Decides whether the credentials of a request meet a demand. The one place where that is decided. */
@Injectable()
export class Authenticator {
  private readonly masterTokenDigest: Buffer | undefined;

  constructor(
    private readonly tokens: TokenService,
    @Inject(FASTAUTH_CONFIG) config: FastauthConfig,
  ) {
    this.masterTokenDigest = config.masterToken === undefined ? undefined : sha256(config.masterToken);
  }

  /** Never throws for what a client sent or a store did; answers without a promise where the store can. */
  authenticate(demand: Demand, source: CredentialSource): MaybePromise<Principal | Denial> {
    const credentials = readCredentials(source);
    if (credentials === AMBIGUOUS) return DENIALS.ambiguous;
    if (demand & MASTER) {
      if (credentials.masterToken === undefined) return DENIALS.noMasterToken;
      if (!this.isMasterToken(credentials.masterToken)) return DENIALS.badMasterToken;
    }
    if (!(demand & ACCESS)) return MASTER_PRINCIPAL;
    if (credentials.accessToken === undefined) return DENIALS.noAccessToken;
    try {
      const result = this.tokens.check(credentials.accessToken);
      return result instanceof Promise
        ? result.then((value) => outcome(demand, value), denialOfError)
        : outcome(demand, result);
    } catch (error) {
      return denialOfError(error);
    }
  }

  /** Compares digests in constant time, so that neither content nor length shows in how long it takes. */
  isMasterToken(sent: string): boolean {
    return this.masterTokenDigest !== undefined && timingSafeEqual(sha256(sent), this.masterTokenDigest);
  }
}

function outcome(demand: Demand, result: Principal | TokenFault): Principal | Denial {
  if (result instanceof TokenFault) return denialOfFault(result);
  return demand === BOTH ? { ...result, level: 'master' } : result;
}

function sha256(text: string): Buffer {
  // Node reads header bytes as latin1, so this is what was sent.
  return createHash('sha256').update(text, 'latin1').digest();
}
