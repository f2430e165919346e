import type { IncomingMessage } from 'node:http';
import type { Principal } from '../tokens/principal.js';
import type { Demand } from './demand.js';

/** What a request has proved so far, so that nothing is verified twice on its way. */
export interface RequestAccess {
  /** The levels whose credential was verified. */
  readonly proved: Demand;
  readonly principal: Principal;
}

const ACCESS_STATE = Symbol('fastauth:access');
const PATH_DEMAND = Symbol('fastauth:path demand');

/** Express and middie hand out Node's request, Fastify one that wraps it. */
export type AnyRequest = IncomingMessage & { readonly raw?: IncomingMessage; readonly originalUrl?: string };

type Carrier = object & { [ACCESS_STATE]?: RequestAccess; [PATH_DEMAND]?: Demand };

/** Node's own request; frameworks note on it what the URL was before something rewrote it. */
export type RawRequest = IncomingMessage & { readonly originalUrl?: string };

/** Node's own request, whichever framework's was given. */
export function rawRequest(request: AnyRequest): RawRequest {
  return request.raw ?? request;
}

/** @param carrier Node's request, or a socket */
export function readAccess(carrier: object): RequestAccess | undefined {
  return (carrier as Carrier)[ACCESS_STATE];
}

export function writeAccess(carrier: object, access: RequestAccess): void {
  (carrier as Carrier)[ACCESS_STATE] = access;
}

/** What the path rules asked at the edge, where both URL and matched route were known; undefined where they were not. */
export function readPathDemand(carrier: object): Demand | undefined {
  return (carrier as Carrier)[PATH_DEMAND];
}

export function writePathDemand(carrier: object, demand: Demand): void {
  (carrier as Carrier)[PATH_DEMAND] = demand;
}
