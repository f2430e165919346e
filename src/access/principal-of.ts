import type { ExecutionContext } from '@nestjs/common';
import type { Principal } from '../tokens/principal.js';
import { rawRequest, readAccess, type AnyRequest } from './request-access.js';

/** The principal of the request or socket behind this context, for guards and interceptors of your own. */
export function principalOf(context: ExecutionContext): Principal | undefined {
  switch (context.getType()) {
    case 'http':
      return readAccess(rawRequest(context.switchToHttp().getRequest<AnyRequest>()))?.principal;
    case 'ws':
      return readAccess(context.switchToWs().getClient<object>())?.principal;
    default:
      return undefined;
  }
}
