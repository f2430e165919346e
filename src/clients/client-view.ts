import type { ClientRecord } from '../sessions/client-record.js';

/** A client as operators are told of it: no secret, and no hash of one. */
export function clientView(client: ClientRecord, source: 'store' | 'configuration') {
  return {
    client_id: client.clientId,
    name: client.name,
    method: client.authenticationMethod,
    secrets: client.secretHashes.length,
    public_keys: client.publicKeys.map(({ kid, alg, kty }) => ({ kid, alg, kty })),
    grants: client.grants,
    scopes: client.scopes,
    audiences: client.audiences,
    introspect: client.mayIntrospect,
    access_token_expires_in: client.accessTokenExpiresIn,
    enabled: client.isEnabled,
    source,
  };
}

export type ClientView = ReturnType<typeof clientView>;
