import { PATH_METADATA } from '../nest.js';
import { AuthorizationServerMetadataController } from './authorization-server-metadata.controller.js';
import { IntrospectionController } from './introspection.controller.js';
import { JwkSetController } from './jwk-set.controller.js';
import { OAuthTokenController } from './oauth-token.controller.js';
import { ProtectedResourceMetadataController } from './protected-resource-metadata.controller.js';
import { RevocationController } from './revocation.controller.js';
import { TokenController } from './token.controller.js';

/**
 * The functions that serve our endpoints, each with its path below its controller's. What a subclass of a controller
 * adds is the application's own. Of several paths of one function, all as long, the first.
 * @param others prototypes of our controllers in other rooms
 */
export function ownHandlers(...others: readonly object[]): ReadonlyMap<unknown, string> {
  const prototypes: readonly object[] = [
    TokenController.prototype,
    OAuthTokenController.prototype,
    RevocationController.prototype,
    IntrospectionController.prototype,
    JwkSetController.prototype,
    AuthorizationServerMetadataController.prototype,
    ProtectedResourceMetadataController.prototype,
    ...others,
  ];
  return new Map(
    prototypes.flatMap((prototype) =>
      Object.values(Object.getOwnPropertyDescriptors(prototype)).flatMap(({ value }) => {
        const paths: unknown =
          typeof value === 'function' && Reflect.getMetadata(PATH_METADATA, value as object);
        const path: unknown = Array.isArray(paths) ? paths[0] : paths;
        return typeof path === 'string' ? [[value, path] as const] : [];
      }),
    ),
  );
}
