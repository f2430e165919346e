// One process of the staleness test: issues, revokes, and asks its own HTTP server with a token until it is refused.
import { AccessOnly, FastauthModule, TokenService } from '../dist/index.js';
import { answer } from './lib/answer.js';
import { listen, portOf } from './lib/nest-app.js';

const { databaseUrl, appName } = JSON.parse(process.argv[2]);
const app = await listen('fastify', {
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: false,
      appName,
      databaseUrl,
      cryptographyKey: 'a secret of the benchmark, thirty-two bytes or more',
      auditLog: 'off',
    }),
  ],
  decorators: [AccessOnly()],
});
const tokens = app.get(TokenService);
const url = `http://127.0.0.1:${portOf(app)}/bench/whoami`;
// One clock for all processes of the machine: the monotonic one since its start.
const now = () => Number(process.hrtime.bigint()) / 1e6;
let asking;

async function askUntilRefused(token) {
  let last = -Infinity;
  for (;;) {
    const sentAt = now();
    const { status } = await fetch(url, { headers: { 'ACCESS-TOKEN': token } });
    if (status !== 200) return { last, refusal: status };
    // What was sent before the revocation was answered may be admitted; what is sent after it, not.
    last = sentAt;
  }
}

answer({
  issue: async ({ clientId }) => (await tokens.issue({ clientId })).accessToken,
  'ask-on': ({ token }) => {
    asking = askUntilRefused(token);
  },
  revoke: async ({ clientId }) => {
    await tokens.revokeClient(clientId);
    return now();
  },
  'last-accepted': () => asking,
});
