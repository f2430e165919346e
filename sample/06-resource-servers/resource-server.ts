import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Whom a bearer token is for; undefined if it is no good. */
export type BearerCheck = (token: string) => Promise<string | undefined>;

/** Serves `GET /orders` to whoever shows a good token; whether it is good, `check` decides. */
export async function serveOrders(check: BearerCheck): Promise<void> {
  const server = createServer((request, response) => {
    void answer(request, check).then(({ status, body }) => {
      const challenge = status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {};
      response.writeHead(status, { 'Content-Type': 'application/json', ...challenge });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((listening) =>
    server.listen(Number(process.env['PORT'] || 3001), '127.0.0.1', listening),
  );
  const { port } = server.address() as AddressInfo;
  console.log(`\nListening on http://127.0.0.1:${port}. Try:\n
curl -s 'http://127.0.0.1:${port}/orders' -H "Authorization: Bearer <access token>"\n`);
  process.on('SIGTERM', () => server.close(() => process.exit()));
}

async function answer(
  request: IncomingMessage,
  check: BearerCheck,
): Promise<{ status: number; body: object }> {
  const token = /^Bearer ([^ ]+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return { status: 401, body: { detail: 'Send an access token' } };
  try {
    const client = await check(token);
    return client === undefined
      ? { status: 401, body: { detail: 'The token is not good' } }
      : { status: 200, body: { orders: [], client } };
  } catch {
    // Whether it is good could not be found out: that is not the caller's fault.
    return { status: 503, body: { detail: 'Try again later' } };
  }
}
