import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../tokens/principal.js';
import type { Denial } from './denial.js';
import type { CredentialSet, Requirement } from './requirement.js';

/** What a request has proved so far, so that nothing is verified twice on its way. */
export interface RequestAccess {
  /** The credentials that were verified. */
  readonly proved: CredentialSet;
  readonly principal: Principal;
}

/** Why credentials that were sent, though none was needed yet, count as none. */
export interface RefusedCredentials {
  readonly access?: Denial;
  readonly master?: Denial;
}

const NONE_REFUSED: RefusedCredentials = Object.freeze({});

/** Express and middie hand out Node's request, Fastify one that wraps it. */
export type AnyRequest = IncomingMessage & { readonly raw?: IncomingMessage; readonly originalUrl?: string };

/** Node's own request; frameworks note on it what the URL was before something rewrote it. */
export type RawRequest = IncomingMessage & { readonly originalUrl?: string };

/** Node's own request, whichever framework's was given. */
export function rawRequest(request: AnyRequest): RawRequest {
  return request.raw ?? request;
}

/** Whether it was handed on as another protocol; Node says so. */
export function isUpgrade(request: IncomingMessage): boolean {
  return (request as { readonly upgrade?: unknown }).upgrade === true;
}

/** Express and middie hand out Node's response, Fastify one that wraps it. */
export type AnyResponse = ServerResponse & { readonly raw?: ServerResponse };

/** Node's own response, whichever framework's was given. */
export function rawResponse(response: AnyResponse): ServerResponse {
  return response.raw ?? response;
}

/** The parameters of the layer that has the request at present: on Express another object for each; elsewhere none. */
export function parametersOf(request: IncomingMessage): unknown {
  return (request as { readonly params?: unknown }).params;
}

/**
 * What one application has found out about a request or socket. The keys are its own: in a process with two
 * applications, one mounted into the other, what was proved to one counts for nothing in the other.
 */
export class Proofs {
  private readonly access = Symbol('fastauth:access');
  private readonly observed = Symbol('fastauth:observed');
  private readonly refused = Symbol('fastauth:refused credentials');
  private readonly pathRequirement = Symbol('fastauth:path requirement');

  /** @param carrier Node's request, or a socket */
  read(carrier: object): RequestAccess | undefined {
    return (carrier as Carrier<RequestAccess>)[this.access];
  }

  write(carrier: object, access: RequestAccess): void {
    (carrier as Carrier<RequestAccess>)[this.access] = access;
    showPrincipal(carrier, access.principal);
  }

  /** The upgrade request's proof becomes the socket's. */
  move(from: object, to: object): void {
    const access = this.read(from);
    if (access) this.write(to, access);
    if (this.isObserved(from)) this.markObserved(to);
    this.writeRefused(to, this.readRefused(from));
  }

  readRefused(carrier: object): RefusedCredentials {
    return (carrier as Carrier<RefusedCredentials>)[this.refused] ?? NONE_REFUSED;
  }

  /** Adds to what was refused before. */
  writeRefused(carrier: object, refused: RefusedCredentials): void {
    if (refused === NONE_REFUSED) return;
    (carrier as Carrier<RefusedCredentials>)[this.refused] = { ...this.readRefused(carrier), ...refused };
  }

  /** Whether it was let pass though it missed something. */
  isObserved(carrier: object): boolean {
    return (carrier as Carrier<true>)[this.observed] === true;
  }

  markObserved(carrier: object): void {
    (carrier as Carrier<true>)[this.observed] = true;
  }

  /** What the path rules asked at the edge, where both URL and matched route were known; undefined where they were not. */
  readPathRequirement(carrier: object): Requirement | undefined {
    return (carrier as Carrier<Requirement>)[this.pathRequirement];
  }

  writePathRequirement(carrier: object, requirement: Requirement): void {
    (carrier as Carrier<Requirement>)[this.pathRequirement] = requirement;
  }
}

/** Shared by all copies of the package, so that `@CurrentPrincipal()` of one reads what the guard of another wrote. */
const PRINCIPAL = Symbol.for('nestjs-fastauth:principal');

type Carrier<T> = Record<symbol, T | undefined>;

/** The principal that handlers are shown. Never proof of anything: whoever can reach the carrier can write it. */
export function shownPrincipal(carrier: object): Principal | undefined {
  return (carrier as Carrier<Principal>)[PRINCIPAL];
}

export function showPrincipal(carrier: object, principal: Principal | undefined): void {
  if (shownPrincipal(carrier) !== principal) (carrier as Carrier<Principal>)[PRINCIPAL] = principal;
}
