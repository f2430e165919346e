import { Injectable } from '@nestjs/common';
import type { MaybePromise } from '../stores/token-store.js';
import type { Principal } from '../tokens/principal.js';
import { Authenticator } from './authenticator.js';
import type { CredentialSource } from './credentials.js';
import { NONE, type Demand } from './demand.js';
import { isDenial, type Denial } from './denial.js';
import { readAccess, writeAccess } from './request-access.js';

/**
 * Where edge, guards and handshakes meet: asks for what a request has not proved yet, and keeps what it has.
 * So a credential is verified once however many of them a request passes.
 */
@Injectable()
export class Gate {
  constructor(private readonly authenticator: Authenticator) {}

  /**
   * @param carrier what the proof is kept on: Node's request, or a socket
   * @returns undefined if the demand is met
   */
  admit(carrier: object, source: CredentialSource, demand: Demand): MaybePromise<Denial | undefined> {
    const missing: Demand = demand & ~(readAccess(carrier)?.proved ?? NONE);
    if (missing === NONE) return undefined;
    const outcome = this.authenticator.authenticate(missing, source);
    return outcome instanceof Promise
      ? outcome.then((value) => conclude(carrier, missing, value))
      : conclude(carrier, missing, outcome);
  }
}

function conclude(carrier: object, demand: Demand, outcome: Principal | Denial): Denial | undefined {
  if (isDenial(outcome)) return outcome;
  const before = readAccess(carrier);
  writeAccess(
    carrier,
    before
      ? { proved: before.proved | demand, principal: united(before.principal, outcome) }
      : { proved: demand, principal: outcome },
  );
  return undefined;
}

/** One of the two was opened by the master token, the other by a client's access token. */
function united(one: Principal, other: Principal): Principal {
  return { ...(one.clientId === undefined ? other : one), level: 'master' };
}
