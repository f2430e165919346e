import { randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';

/** oidc-provider, with opaque tokens in its own memory, which keeps the last 1000 and loses them when it ends. */
export async function start({ clientId }) {
  const clientSecret = randomBytes(32).toString('base64url');
  const provider = new Provider('http://127.0.0.1', {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: 'devices:read',
      },
    ],
    scopes: ['devices:read'],
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
    },
  });
  const server = provider.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: server.address().port,
    clientId,
    clientSecret,
    paths: { grant: '/token', introspection: '/token/introspection' },
    close: () => server.close(),
  };
}
