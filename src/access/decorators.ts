import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '../tokens/principal.js';
import { ACCESS, MASTER, NONE, type Demand } from './demand.js';
import { principalOf } from './principal-of.js';

const DEMAND_METADATA = Symbol('fastauth:demand');
const CONFIGURED_METADATA = Symbol('fastauth:configured');

/** Endpoints of ours whose demand is configured: by `public-token-issuance` and `introspection-access`. */
export type ConfiguredEndpoint = 'issuance' | 'introspection';

type ClassAndMethodDecorator = ClassDecorator & MethodDecorator;

/** Only the holder of the master token may enter. On a class, a gateway, a method or a message handler. */
export function MasterOnly(): ClassAndMethodDecorator {
  return demands(MASTER);
}

/** Only the holder of an access token may enter. Together with `@MasterOnly()` both tokens are needed. */
export function AccessOnly(): ClassAndMethodDecorator {
  return demands(ACCESS);
}

/**
 * Anybody may enter: lifts the class's decorator and `default-access`.
 * A path rule that covers the route still holds, and so does another decorator at the same place.
 */
export function Public(): ClassAndMethodDecorator {
  return demands(NONE);
}

/** Marks a handler of ours whose demand the configuration tells. */
export function ConfiguredAccess(endpoint: ConfiguredEndpoint): MethodDecorator {
  return (_target: object, _key: string | symbol, descriptor: PropertyDescriptor) => {
    Reflect.defineMetadata(CONFIGURED_METADATA, endpoint, descriptor.value);
  };
}

/**
 * The {@link Principal} of the request or socket; undefined where no token was needed.
 *
 * @example
 * whoami(@CurrentPrincipal() principal: Principal) { return principal.clientId; }
 */
export const CurrentPrincipal = createParamDecorator(
  (_data: undefined, context: ExecutionContext): Principal | undefined => principalOf(context),
);

/** What the decorators ask for: the method's where it has any, otherwise the class's. */
export function declaredDemand(
  handler: object,
  controller: object,
  configured: Readonly<Record<ConfiguredEndpoint, Demand>>,
): Demand | undefined {
  const endpoint = Reflect.getMetadata(CONFIGURED_METADATA, handler) as ConfiguredEndpoint | undefined;
  if (endpoint !== undefined) return configured[endpoint];
  return readDemand(handler) ?? readDemand(controller);
}

function readDemand(target: object): Demand | undefined {
  return Reflect.getMetadata(DEMAND_METADATA, target) as Demand | undefined;
}

function demands(demand: Demand): ClassAndMethodDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const holder: object = descriptor ? descriptor.value : target;
    const own = (Reflect.getOwnMetadata(DEMAND_METADATA, holder) ?? NONE) as Demand;
    Reflect.defineMetadata(DEMAND_METADATA, own | demand, holder);
  };
}
