import { FastauthModule, TokenStore } from '../../dist/index.js';
import { addClient, newClientSecret, withSecret } from '../../build/clients/client-editing.js';
import { listen, portOf } from '../lib/nest-app.js';

/** The token endpoint on Fastify, with one client in the store. */
export async function start({ databaseUrl, clientId }) {
  const app = await listen('fastify', {
    imports: [
      FastauthModule.forRoot({
        configFile: false,
        envFile: false,
        databaseUrl,
        cryptographyKey: 'a secret of the benchmark, thirty-two bytes or more',
        tokenEndpoint: true,
        auditLog: 'off',
        storeTimeout: 30,
      }),
    ],
  });
  const clientSecret = newClientSecret();
  const client = {
    clientId,
    authenticationMethod: 'client_secret_basic',
    secretHashes: [],
    publicKeys: [],
    grants: ['client_credentials'],
    scopes: ['devices:read'],
    audiences: [],
    mayIntrospect: true,
    isEnabled: true,
  };
  const store = app.get(TokenStore);
  await addClient(store.clients, withSecret(client, clientSecret));
  return {
    port: portOf(app),
    clientId,
    clientSecret,
    paths: { grant: '/auth/token', introspection: '/auth/token/introspect', open: '/bench/whoami' },
    sessions: async () => (await store.list(clientId)).length,
    close: () => app.close(),
  };
}
