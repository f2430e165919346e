import type { TokenRequest } from './token-request.js';

const ENDPOINT_METADATA = Symbol('fastauth:endpoint');

/** What answers an endpoint, called on its controller: an `EndpointAnswer`, or the body of a 200. */
export type Serve = (this: object, request: TokenRequest) => Promise<object> | object;

/** Notes on a route's function what answers it. */
export function writeEndpoint(route: object, serve: Serve): void {
  Reflect.defineMetadata(ENDPOINT_METADATA, serve, route);
}

/** What answers the endpoint that this route is, or undefined where it is no endpoint of ours. */
export function readEndpoint(route: object): Serve | undefined {
  return Reflect.getMetadata(ENDPOINT_METADATA, route) as Serve | undefined;
}
