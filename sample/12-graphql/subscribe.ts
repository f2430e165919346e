// Hears three ticks, logs out, and says how the connection ends. Arguments: URL, access token.
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const [, , url = '', accessToken = ''] = process.argv;

const client = createClient({
  url: `${url.replace('http', 'ws')}/graphql`,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${accessToken}` },
  retryAttempts: 0,
  on: {
    closed: (event) => {
      const { code, reason } = event as { readonly code: number; readonly reason: string };
      console.log(`closed ${code} ${reason}`);
      process.exit();
    },
  },
});

for await (const { data, errors } of client.iterate<{ ticks: number }>({ query: 'subscription { ticks }' })) {
  console.log(JSON.stringify(data ?? errors));
  if (data?.ticks !== 3) continue;
  const body = new URLSearchParams({ token: accessToken });
  await fetch(`${url}/auth/token/revoke`, { method: 'POST', body });
}
