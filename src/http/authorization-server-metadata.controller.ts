import { Controller, Get, Inject, NotFoundException } from '@nestjs/common';
import { Public } from '../access/decorators.js';
import { RouteTable } from '../access/route-table.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { IntrospectionController } from './introspection.controller.js';
import { JwkSetController } from './jwk-set.controller.js';
import { RevocationController } from './revocation.controller.js';

/**
 * Tells standard clients where the endpoints are, once `issuer` is set. Tokens are issued by endpoints of our own, so
 * there is neither a token endpoint nor a grant type of RFC 6749 to name.
 * @see RFC 8414
 */
@Controller('.well-known')
export class AuthorizationServerMetadataController {
  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
    private readonly routes: RouteTable,
  ) {}

  @Get('oauth-authorization-server')
  @Public()
  getMetadata(): object {
    const { issuer, introspectionAccess } = this.config;
    if (issuer === undefined) throw new NotFoundException();
    const urlOf = (handler: object): string | undefined => {
      const route = this.routes.routes.find((candidate) => candidate.handler === handler);
      return route && new URL(route.patterns[0] ?? '/', issuer).href;
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
