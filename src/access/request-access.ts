import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../tokens/principal.js';
import type { Demand } from './demand.js';

/** What a request has proved so far, so that nothing is verified twice on its way. */
export interface RequestAccess {
  /** The levels whose credential was verified. */
  readonly proved: Demand;
  readonly principal: Principal;
}

/** Express and middie hand out Node's request, Fastify one that wraps it. */
export type AnyRequest = IncomingMessage & { readonly raw?: IncomingMessage; readonly originalUrl?: string };

/** Node's own request; frameworks note on it what the URL was before something rewrote it. */
export type RawRequest = IncomingMessage & { readonly originalUrl?: string };

/** Node's own request, whichever framework's was given. */
export function rawRequest(request: AnyRequest): RawRequest {
  return request.raw ?? request;
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
  private readonly pathDemand = Symbol('fastauth:path demand');

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
  }

  /** What the path rules asked at the edge, where both URL and matched route were known; undefined where they were not. */
  readPathDemand(carrier: object): Demand | undefined {
    return (carrier as Carrier<Demand>)[this.pathDemand];
  }

  writePathDemand(carrier: object, demand: Demand): void {
    (carrier as Carrier<Demand>)[this.pathDemand] = demand;
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
