import type { ModuleMetadata, Type } from '@nestjs/common';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { AuthorizationServerMetadataController } from './authorization-server-metadata.controller.js';
import { EndpointBodies } from './endpoint-bodies.js';
import { IntrospectionController } from './introspection.controller.js';
import { JwkSetController } from './jwk-set.controller.js';
import { ownController, placeController } from './own-controller.js';
import { RevocationController } from './revocation.controller.js';
import { TokenController } from './token.controller.js';
import { metadataPaths, metadataPathWarning, WellKnownPaths } from './well-known-paths.js';

export interface EndpointsRoom extends ModuleMetadata {
  /** Puts the controllers where the configuration wants them. @returns what is to be said of their places */
  readonly place: (config: FastauthConfig) => readonly string[];
}

/** @param tokenController `false`: no token endpoints */
export function endpointsProviders(
  tokenController: Type<TokenController> | false = TokenController,
): EndpointsRoom {
  const endpoints =
    tokenController === false ? [] : [tokenController, RevocationController, IntrospectionController];
  const controllers = endpoints.map(ownController);
  const metadataController = ownController(AuthorizationServerMetadataController);
  return {
    controllers: [...controllers, JwkSetController, metadataController],
    providers: [EndpointBodies, WellKnownPaths],
    place: ({ authPrefix, issuer }) => {
      for (const controller of controllers) placeController(controller, authPrefix);
      placeController(metadataController, metadataPaths(issuer));
      return [metadataPathWarning(issuer)].filter((warning) => warning !== undefined);
    },
  };
}
