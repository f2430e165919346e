import { createServer } from 'node:http';
import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';

const SCOPES = ['devices:read'];

/** better-auth's OAuth provider, with opaque tokens, on its memory adapter, which loses them when it ends. */
export async function start() {
  const db = {
    user: [],
    session: [],
    account: [],
    verification: [],
    oauthClient: [],
    oauthRefreshToken: [],
    oauthAccessToken: [],
    oauthConsent: [],
    oauthResource: [],
    oauthClientResource: [],
  };
  const auth = betterAuth({
    database: memoryAdapter(db),
    secret: 'a secret of the benchmark, thirty-two bytes or more',
    baseURL: 'http://127.0.0.1',
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    plugins: [
      oauthProvider({ disableJwtPlugin: true, loginPage: '/login', consentPage: '/consent', scopes: SCOPES }),
    ],
  });
  const signedUp = await auth.api.signUpEmail({
    body: { name: 'owner', email: 'owner@example.org', password: 'password of the benchmark' },
    asResponse: true,
  });
  const { client_id, client_secret } = await auth.api.adminCreateOAuthClient({
    headers: new Headers({ cookie: signedUp.headers.get('set-cookie').split(';')[0] }),
    body: {
      redirect_uris: ['https://client.example.org/callback'],
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
      scope: SCOPES.join(' '),
    },
  });
  // What its page of administration would set.
  db.oauthClient[0].clientCredentialsScopes = SCOPES;
  const handle = toNodeHandler(auth);
  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: server.address().port,
    clientId: client_id,
    clientSecret: client_secret,
    paths: { grant: '/api/auth/oauth2/token', introspection: '/api/auth/oauth2/introspect' },
    // Its memory is searched from one end to the other, which no database would be.
    forget: () => void (db.oauthAccessToken.length = 0),
    close: () => server.close(),
  };
}
