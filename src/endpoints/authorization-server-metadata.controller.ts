import { Controller, Get, Inject } from '@nestjs/common';
import { Public } from '../access/decorators.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { RouteTable } from '../routes/route-table.js';
import { documentError } from './document-error.js';
import { Endpoint } from './endpoint.js';
import { IntrospectionController } from './introspection.controller.js';
import { CLIENT_GRANTS, CLIENT_METHODS } from '../config/client-entries.js';
import { ASSERTION_ALGORITHMS } from '../config/client-keys.js';
import { JwkSetController } from './jwk-set.controller.js';
import { OAuthTokenController } from './oauth-token.controller.js';
import { RevocationController } from './revocation.controller.js';

/** How others than clients may introspect, in the names of RFC 8414; the master token has none there. */
const OTHER_METHODS = { public: ['none'], access: ['Bearer'], master: [] } as const;

/**
 * Tells standard clients where the endpoints are, once `issuer` is set. Its paths are those of `metadataPaths`.
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
    const { issuer, introspectionAccess, scopes, resourceIdentifier } = this.config;
    const urlOf = (handler: object): string | undefined => {
      const route = this.routes.routes.find((candidate) => candidate.handler === handler);
      // Below a global prefix with a parameter an endpoint has no one URL.
      const path = route?.patterns.find((pattern) => !pattern.includes(':'));
      return path && new URL(path, issuer).href;
    };
    const revocation = urlOf(RevocationController.prototype.revokeToken);
    const introspection = urlOf(IntrospectionController.prototype.introspectToken);
    const token = urlOf(OAuthTokenController.prototype.grantToken);
    const byClient = token !== undefined;
    return {
      issuer,
      ...(token === undefined
        ? {}
        : {
            authorization_endpoint: urlOf(OAuthTokenController.prototype.refuseAuthorization),
            token_endpoint: token,
            ...methodsOf('token', byClient),
          }),
      jwks_uri: urlOf(JwkSetController.prototype.getJwkSet),
      ...(revocation === undefined
        ? {}
        : { revocation_endpoint: revocation, ...methodsOf('revocation', byClient, ['none']) }),
      ...(introspection === undefined
        ? {}
        : {
            introspection_endpoint: introspection,
            ...methodsOf('introspection', byClient, OTHER_METHODS[introspectionAccess]),
          }),
      ...(scopes === undefined ? {} : { scopes_supported: Object.keys(scopes) }),
      ...(resourceIdentifier === undefined ? {} : { protected_resources: [resourceIdentifier] }),
      response_types_supported: [],
      grant_types_supported: token === undefined ? [] : CLIENT_GRANTS,
    };
  }
}

/** How callers of an endpoint may authenticate themselves; nothing where there is no way that the RFC has a name for. */
function methodsOf(
  endpoint: 'token' | 'revocation' | 'introspection',
  byClient: boolean,
  others: readonly string[] = [],
): object {
  const methods = [...(byClient ? CLIENT_METHODS : []), ...others];
  if (methods.length === 0) return {};
  return {
    [`${endpoint}_endpoint_auth_methods_supported`]: methods,
    ...(byClient ? { [`${endpoint}_endpoint_auth_signing_alg_values_supported`]: ASSERTION_ALGORITHMS } : {}),
  };
}
