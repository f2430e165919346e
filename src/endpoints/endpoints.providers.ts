import type { ModuleMetadata, Type } from '@nestjs/common';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { AuthorizationServerMetadataController } from './authorization-server-metadata.controller.js';
import { EndpointBodies } from './endpoint-bodies.js';
import { IntrospectionController } from './introspection.controller.js';
import { JwkSetController } from './jwk-set.controller.js';
import { OAuthTokenController } from './oauth-token.controller.js';
import { ownController, placeController } from './own-controller.js';
import { RevocationController } from './revocation.controller.js';
import { TokenCookies } from './token-cookies.js';
import { TokenController } from './token.controller.js';
import { ProtectedResourceMetadataController } from './protected-resource-metadata.controller.js';
import {
  metadataPaths,
  metadataPathWarning,
  resourcePaths,
  resourceWarning,
  wellKnownPaths,
  wellKnownProvider,
} from './well-known-paths.js';

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
  const oauthController = ownController(OAuthTokenController);
  const resource = resourceEndpointsProviders();
  const metadataController = ownController(AuthorizationServerMetadataController);
  return {
    controllers: [
      ...controllers,
      oauthController,
      JwkSetController,
      metadataController,
      ...(resource.controllers ?? []),
    ],
    providers: [EndpointBodies, TokenCookies, wellKnownProvider(wellKnownPaths)],
    exports: [TokenCookies],
    place: (config) => {
      const { authPrefix, issuer, tokenEndpoint } = config;
      for (const controller of controllers) placeController(controller, authPrefix);
      placeController(oauthController, tokenEndpoint ? authPrefix : []);
      placeController(metadataController, metadataPaths(issuer));
      const warnings = [metadataPathWarning(issuer)].filter((warning) => warning !== undefined);
      return [...warnings, ...resource.place(config)];
    },
  };
}

/** The endpoint of an application that accepts the tokens of others. */
export function resourceEndpointsProviders(): EndpointsRoom {
  const controller = ownController(ProtectedResourceMetadataController);
  return {
    controllers: [controller],
    providers: [EndpointBodies, wellKnownProvider(resourcePaths)],
    place: (config) => {
      placeController(controller, resourcePaths(config));
      return [resourceWarning(config)].filter((warning) => warning !== undefined);
    },
  };
}
