import type { ModuleMetadata } from '@nestjs/common';
import { ClientAuthenticator } from './client-authenticator.js';
import { ClientCredentialsGrant } from './client-credentials.grant.js';
import { ClientRegistry } from './client-registry.js';
import { DisabledClients } from './disabled-clients.js';
import { RefreshTokenGrant } from './refresh-token.grant.js';

export const clientsProviders: ModuleMetadata = {
  providers: [
    ClientRegistry,
    ClientAuthenticator,
    ClientCredentialsGrant,
    DisabledClients,
    RefreshTokenGrant,
  ],
};
