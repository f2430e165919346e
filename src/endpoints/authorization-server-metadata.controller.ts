import { Controller, Get, Inject } from '@nestjs/common';
import { Public } from '../access/decorators.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { RouteTable } from '../routes/route-table.js';
import { documentError } from './document-error.js';
import { Endpoint } from './endpoint.js';
import { IntrospectionController } from './introspection.controller.js';
import { JwkSetController } from './jwk-set.controller.js';
import { RevocationController } from './revocation.controller.js';

/**
 * Tells standard clients where the endpoints are, once `issuer` is set. Tokens are issued by endpoints of our own, so
 * there is neither a token endpoint nor a grant type of RFC 6749 to name. Its paths are those of `metadataPaths`.
 * @see RFC 8414
 */
@Controller()
export class AuthorizationServerMetadataController {
  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
    private readonly routes: RouteTable,
  ) {}

  @Get()
  @Public()
  @Endpoint(documentError)
  getMetadata(): object {
    const { issuer, introspectionAccess } = this.config;
    const urlOf = (handler: object): string | undefined => {
      const route = this.routes.routes.find((candidate) => candidate.handler === handler);
      // Below a global prefix with a parameter an endpoint has no one URL.
      const path = route?.patterns.find((pattern) => !pattern.includes(':'));
      return path && new URL(path, issuer).href;
    };
    const revocation = urlOf(RevocationController.prototype.revokeToken);
    const introspection = urlOf(IntrospectionController.prototype.introspectToken);
    return {
      issuer,
      jwks_uri: urlOf(JwkSetController.prototype.getJwkSet),
      ...(revocation === undefined
        ? {}
        : { revocation_endpoint: revocation, revocation_endpoint_auth_methods_supported: ['none'] }),
      ...(introspection === undefined ? {} : { introspection_endpoint: introspection }),
      ...(introspection !== undefined && introspectionAccess === 'access'
        ? { introspection_endpoint_auth_methods_supported: ['Bearer'] }
        : {}),
      response_types_supported: [],
      grant_types_supported: [],
    };
  }
}
