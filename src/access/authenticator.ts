import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { MaybePromise } from '../sessions/token-store.js';
import { mergePrincipals, type Principal } from '../tokens/principal.js';
import { TokenFault } from '../tokens/token-fault.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import type { Call } from './call.js';
import { AMBIGUOUS, type Credentials } from './credentials.js';
import {
  DENIALS,
  denialOfError,
  denialOfFault,
  denialOfLimit,
  denialOfNoToken,
  isDenial,
  type Denial,
} from './denial.js';
import { MasterTokens } from './master-tokens.js';
import type { RefusedCredentials, RequestAccess } from './request-access.js';
import {
  ACCESS_TOKEN,
  MASTER_TOKEN,
  type Alternative,
  type CredentialSet,
  type Requirement,
} from './requirement.js';
import { nearestDenial, shortfallOf } from './shortfall.js';

/** What the credentials that were looked at have shown; undefined of those that were not. */
interface Verified {
  readonly master: Principal | Denial | undefined;
  readonly access: Principal | Denial | undefined;
}

/** Decides whether the credentials of a call meet a requirement. The one place where that is decided. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly masterTokens: MasterTokens,
    private readonly limiter: AttemptLimiter,
    private readonly clock: Clock,
  ) {}

  /**
   * Never throws for what a client sent or a store did; answers without a promise where the store can.
   * @param before what the call has proved already, which is not verified again
   * @returns all that it has proved, or why that is not enough; undefined if nothing is needed and nothing was proved
   */
  authenticate(
    requirement: Requirement,
    call: Call,
    before: RequestAccess | undefined,
  ): MaybePromise<RequestAccess | Denial | undefined> {
    const { sent } = call;
    if (typeof sent === 'symbol') return sent === AMBIGUOUS ? DENIALS.ambiguous : DENIALS.foreignOrigin;
    // What most routes ask, without the lists and closures of the general case.
    const { ofAccess } = requirement;
    if (ofAccess && before === undefined) {
      const access = this.checkAccess(sent, call);
      return access instanceof Promise
        ? access.then((value) => this.judgeAccess(ofAccess, value))
        : this.judgeAccess(ofAccess, access);
    }
    return this.authenticateAny(requirement, call, sent, before);
  }

  private authenticateAny(
    requirement: Requirement,
    call: Call,
    sent: Credentials,
    before: RequestAccess | undefined,
  ): MaybePromise<RequestAccess | Denial | undefined> {
    const proved = before?.proved ?? 0;
    const tried = alternativesFor(requirement, proved | credentialsIn(sent));
    const missing = credentialsOf(requirement, tried, sent) & ~proved;
    const master = missing & MASTER_TOKEN ? this.checkMaster(sent, call) : undefined;
    const conclude = (access?: Principal | Denial): RequestAccess | Denial | undefined =>
      this.conclude(requirement, tried, { master, access }, before);
    if (!(missing & ACCESS_TOKEN)) return conclude();
    if (master && isDenial(master) && tried.every(needsMaster)) return master;
    const access = this.checkAccess(sent, call);
    return access instanceof Promise ? access.then(conclude) : conclude(access);
  }

  /** Whether what was proved before meets the requirement. */
  isMet(requirement: Requirement, { proved, principal }: RequestAccess): boolean {
    if (requirement.checksOptional && !(proved & ACCESS_TOKEN)) return false;
    const now = requirement.isTimed ? this.now() : 0;
    for (const alternative of requirement.alternatives) {
      const isProved = (alternative.credentials & ~proved) === 0;
      if (isProved && shortfallOf(alternative, principal, now) === undefined) return true;
    }
    return false;
  }

  /**
   * What speaks against it that what was proved before meets the requirement; undefined if nothing does.
   * @param endingOf which of these credentials is good no more
   * @param refused why credentials that were sent count as none
   */
  recheck(
    requirement: Requirement,
    before: RequestAccess | undefined,
    endingOf: (credentials: CredentialSet) => Denial | undefined,
    refused: RefusedCredentials,
  ): Denial | undefined {
    const { proved, principal } = before ?? { proved: 0, principal: undefined };
    const ofToken = proved & ACCESS_TOKEN ? endingOf(ACCESS_TOKEN) : refused.access;
    if (requirement.checksOptional && ofToken) return ofToken;
    const now = requirement.isTimed ? this.now() : 0;
    const denials: Denial[] = [];
    for (const alternative of alternativesFor(requirement, proved | credentialsRefused(refused))) {
      const denial =
        denialOfMissing(alternative, proved, refused) ??
        endingOf(alternative.credentials) ??
        (principal && alternative.credentials & ACCESS_TOKEN
          ? shortfallOf(alternative, principal, now)
          : undefined);
      if (!denial) return undefined;
      denials.push(denial);
    }
    return nearestDenial(denials, principal?.scopes ?? []);
  }

  /** The master token by which something was opened before. */
  masterNamed(name: string): Principal | undefined {
    return this.masterTokens.named(name);
  }

  private judgeAccess(alternative: Alternative, access: Principal | Denial): RequestAccess | Denial {
    if (isDenial(access)) return withScopes(access, alternative);
    const now = alternative.maxAge === Infinity ? 0 : this.now();
    return shortfallOf(alternative, access, now) ?? { proved: ACCESS_TOKEN, principal: access };
  }

  private conclude(
    { checksOptional, isTimed }: Requirement,
    tried: readonly Alternative[],
    verified: Verified,
    before: RequestAccess | undefined,
  ): RequestAccess | Denial | undefined {
    const { access } = verified;
    if (checksOptional && access && isDenial(access)) return access;
    const proof = united(before, verified);
    const now = isTimed ? this.now() : 0;
    const denials: Denial[] = [];
    for (const alternative of tried) {
      const denial = denialFor(alternative, verified, proof, now);
      if (!denial) return proof;
      denials.push(denial);
    }
    return nearestDenial(denials, proof?.principal.scopes ?? []);
  }

  private checkMaster({ masterToken, accessToken }: Credentials, { from }: Call): Principal | Denial {
    if (masterToken === undefined) {
      return accessToken === undefined ? DENIALS.noMasterToken : DENIALS.masterTokenElsewhere;
    }
    const wait = this.limiter.waitOf('master', from);
    if (wait !== undefined) return denialOfLimit(wait);
    const master = this.masterTokens.principalOf(masterToken);
    if (master) return master;
    const tooMany = this.limiter.failed('master', from);
    return tooMany === undefined ? DENIALS.badMasterToken : denialOfLimit(tooMany);
  }

  private checkAccess(sent: Credentials, call: Call): MaybePromise<Principal | Denial> {
    const { accessToken } = sent;
    if (accessToken === undefined) return sent.lacksBearer ? DENIALS.noBearer : DENIALS.noAccessToken;
    try {
      if (!this.limiter.isIdle) {
        const seen = this.tokens.lastSeen(accessToken);
        const wait =
          seen && !seen.wasCurrent ? this.limiter.waitOf('client', call.from, seen.clientId) : undefined;
        if (wait !== undefined) return denialOfLimit(wait);
      }
      const result = this.tokens.check(accessToken, call.connection);
      return result instanceof Promise
        ? result.then((value) => this.outcome(call, accessToken, value), denialOfError)
        : this.outcome(call, accessToken, result);
    } catch (error) {
      return denialOfError(error);
    }
  }

  private outcome({ from }: Call, accessToken: string, result: Principal | TokenFault): Principal | Denial {
    if (!(result instanceof TokenFault)) return result;
    // An honest token that has ended is no attempt at anything.
    if (result.kind !== TokenFault.expired) {
      // Only a token that is ours is remembered as a client's.
      const clientId =
        result.isOfSession || result.kind === TokenFault.unknownClient
          ? this.tokens.lastSeen(accessToken)?.clientId
          : undefined;
      const wait = this.limiter.failed(clientId === undefined ? 'token' : 'client', from, clientId);
      if (wait !== undefined) return denialOfLimit(wait);
    }
    return denialOfFault(result);
  }

  private now(): number {
    return this.clock.now() / 1000;
  }
}

/** Those for which everything is held; where there is none, the one that an access token alone would come nearest to. */
function alternativesFor({ alternatives }: Requirement, held: CredentialSet): readonly Alternative[] {
  if (alternatives.length === 1) return alternatives;
  const possible = alternatives.filter(({ credentials }) => (credentials & ~held) === 0);
  if (possible.length > 0) return possible;
  return [alternatives.find((alternative) => !needsMaster(alternative)) ?? alternatives[0]].filter(
    (alternative) => alternative !== undefined,
  );
}

function credentialsIn({ accessToken, masterToken }: Credentials): CredentialSet {
  return (accessToken === undefined ? 0 : ACCESS_TOKEN) | (masterToken === undefined ? 0 : MASTER_TOKEN);
}

function credentialsRefused({ access, master }: RefusedCredentials): CredentialSet {
  return (access ? ACCESS_TOKEN : 0) | (master ? MASTER_TOKEN : 0);
}

function credentialsOf(
  { checksOptional }: Requirement,
  tried: readonly Alternative[],
  { accessToken }: Credentials,
): CredentialSet {
  let all: CredentialSet = checksOptional && accessToken !== undefined ? ACCESS_TOKEN : 0;
  for (const { credentials } of tried) all |= credentials;
  return all;
}

function needsMaster({ credentials }: Alternative): boolean {
  return (credentials & MASTER_TOKEN) !== 0;
}

function denialOfMissing(
  { credentials, scopes }: Alternative,
  proved: CredentialSet,
  { access, master }: RefusedCredentials,
): Denial | undefined {
  const missing = credentials & ~proved;
  if (missing & MASTER_TOKEN) return master ?? DENIALS.noMasterToken;
  return missing & ACCESS_TOKEN ? (access ?? denialOfNoToken(scopes)) : undefined;
}

function denialFor(
  alternative: Alternative,
  { master, access }: Verified,
  proof: RequestAccess | undefined,
  now: number,
): Denial | undefined {
  if (needsMaster(alternative) && master && isDenial(master)) return master;
  if (!(alternative.credentials & ACCESS_TOKEN)) return undefined;
  if (access && isDenial(access)) return withScopes(access, alternative);
  return proof && shortfallOf(alternative, proof.principal, now);
}

/** Who sent no token at all is told the scopes that it needs. */
function withScopes(denial: Denial, { scopes }: Alternative): Denial {
  return denial.code === 'missing_token' && scopes.length > 0 ? { ...denial, scopes } : denial;
}

/** All that has been proved. */
function united(before: RequestAccess | undefined, { master, access }: Verified): RequestAccess | undefined {
  let proof = before;
  if (master && !isDenial(master)) proof = withProof(proof, MASTER_TOKEN, master);
  if (access && !isDenial(access)) proof = withProof(proof, ACCESS_TOKEN, access);
  return proof;
}

function withProof(
  before: RequestAccess | undefined,
  credential: CredentialSet,
  principal: Principal,
): RequestAccess {
  if (!before || (before.proved & ~credential) === 0) return { proved: credential, principal };
  const [access, master] =
    credential === ACCESS_TOKEN ? [principal, before.principal] : [before.principal, principal];
  return { proved: before.proved | credential, principal: mergePrincipals(access, master) };
}
