import type { ContextType, ExecutionContext } from '@nestjs/common';
import type { Principal } from '../tokens/principal.js';
import { requestOfGraphql } from './graphql-context.js';
import { rawRequest, shownPrincipal, type AnyRequest } from './request-access.js';

/**
 * The principal of the request or socket behind this context, for guards, interceptors and filters of your own.
 * `undefined` before our guard has let the call in, where no token was needed, and where there is no request.
 */
export function principalOf(context: ExecutionContext): Principal | undefined {
  switch (context.getType<ContextType | 'graphql'>()) {
    case 'http': {
      const request: unknown = context.switchToHttp().getRequest();
      return isCarrier(request) ? shownPrincipal(rawRequest(request as AnyRequest)) : undefined;
    }
    case 'ws': {
      const client: unknown = context.switchToWs().getClient();
      return isCarrier(client) ? shownPrincipal(client) : undefined;
    }
    case 'rpc': {
      const message: unknown = context.switchToRpc().getContext();
      return isCarrier(message) ? shownPrincipal(message) : undefined;
    }
    case 'graphql': {
      const request = requestOfGraphql(context);
      return request && shownPrincipal(request);
    }
    default:
      return undefined;
  }
}

function isCarrier(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
