import { Controller, Get, Inject } from '@nestjs/common';
import { Public } from '../access/decorators.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { documentError } from './document-error.js';
import { Endpoint } from './endpoint.js';

/**
 * Tells clients who gives out tokens for this application, once `resource-identifier` is set. Its path is that of
 * `resourceMetadataPath`.
 * @see RFC 9728
 */
@Controller()
export class ProtectedResourceMetadataController {
  constructor(@Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig) {}

  @Get()
  @Public()
  @Endpoint(documentError)
  getResourceMetadata(): object {
    const { resourceIdentifier, authorizationServers, issuer, scopes } = this.config;
    const servers = authorizationServers.length > 0 || issuer === undefined ? authorizationServers : [issuer];
    return {
      resource: resourceIdentifier,
      ...(servers.length === 0 ? {} : { authorization_servers: servers }),
      ...(scopes === undefined ? {} : { scopes_supported: Object.keys(scopes) }),
      bearer_methods_supported: ['header'],
    };
  }
}
