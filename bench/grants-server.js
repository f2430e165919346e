// The server of bench:grants: the token endpoint on Fastify, with one client in the store.
import { FastauthModule, TokenStore } from '../dist/index.js';
import { addClient, newClientSecret, withSecret } from '../dist/clients/client-editing.js';
import { answer } from './lib/answer.js';
import { listen, portOf } from './lib/nest-app.js';

const { databaseUrl, clientId } = JSON.parse(process.argv[2]);
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
const secret = newClientSecret();
const client = {
  clientId,
  authenticationMethod: 'client_secret_basic',
  secretHashes: [],
  publicKeys: [],
  grants: ['client_credentials'],
  scopes: ['devices:read'],
  audiences: [],
  mayIntrospect: false,
  isEnabled: true,
};
await addClient(app.get(TokenStore).clients, withSecret(client, secret));

answer(
  {
    ready: () => ({ port: portOf(app), secret }),
    sessions: async () => (await app.get(TokenStore).list(clientId)).length,
    cpu: () => process.cpuUsage(),
  },
  () => app.close(),
);
