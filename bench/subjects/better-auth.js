import { UnauthorizedException } from '@nestjs/common';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { get, listen } from '../lib/nest-app.js';

/** better-auth's session check on its memory adapter; without its cookie cache, which would delay revocation. */
export async function start(framework) {
  const db = { user: [], session: [], account: [], verification: [] };
  const auth = betterAuth({
    database: memoryAdapter(db),
    secret: 'a secret of the benchmark, thirty-two bytes or more',
    baseURL: 'http://127.0.0.1',
    emailAndPassword: {
      enabled: true,
      password: { hash: async (text) => text, verify: async ({ hash, password }) => hash === password },
    },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  const guard = {
    async canActivate(context) {
      const request = context.switchToHttp().getRequest();
      const { cookie } = request.headers;
      const session = cookie && (await auth.api.getSession({ headers: new Headers({ cookie }) }));
      if (!session) throw new UnauthorizedException();
      request.user = session.user;
      return true;
    },
  };
  const app = await listen(framework, { guard });
  const cookieOf = (response) => response.headers.get('set-cookie').split(';')[0];
  const signUp = async (name) =>
    cookieOf(
      await auth.api.signUpEmail({
        body: { name, email: `${name}@example.org`, password: 'password of the benchmark' },
        asResponse: true,
      }),
    );
  const whoami = (cookie) => get('/bench/whoami', { Cookie: cookie });
  const cookies = [];
  for (let index = 0; index < 64; index++) cookies.push(await signUp(`user${index}`));
  const sessionOf = (cookie) => {
    const token = decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1)).split('.')[0];
    return db.session.find((session) => session.token === token);
  };
  const superseded = await signUp('superseded');
  const successor = cookieOf(
    await auth.api.signInEmail({
      body: { email: 'superseded@example.org', password: 'password of the benchmark' },
      asResponse: true,
    }),
  );
  await auth.api.revokeOtherSessions({ headers: new Headers({ cookie: successor }) });
  const revoked = await signUp('revoked');
  await auth.api.signOut({ headers: new Headers({ cookie: revoked }) });
  const expired = await signUp('expired');
  sessionOf(expired).expiresAt = new Date(Date.now() - 1000);
  const good = await signUp('good');
  return {
    app,
    load: { requests: cookies.map(whoami) },
    negatives: [
      { name: 'missing', request: get('/bench/whoami') },
      { name: 'tampered', request: whoami(good.replace(/=./, (text) => (text === '=A' ? '=B' : '=A'))) },
      { name: 'superseded', request: whoami(superseded) },
      { name: 'revoked', request: whoami(revoked) },
      { name: 'expired', request: whoami(expired) },
    ],
  };
}
