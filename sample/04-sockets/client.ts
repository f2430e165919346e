// Says who it is before and after it has refreshed its token, logs out, and says what it hears.
// Arguments: URL, access token, refresh token.
import { on } from 'node:events';
import { WebSocket } from 'ws';

const [, , url = '', accessToken, refreshToken = ''] = process.argv;
const socket = new WebSocket(
  `${url.replace('http', 'ws')}/ws/feed`,
  accessToken === undefined ? [] : ['bearer', accessToken],
);
const send = (event: string, data?: unknown): void => socket.send(JSON.stringify({ event, data }));
const post = (endpoint: string, body: Record<string, string>): Promise<Response> =>
  fetch(`${url}/auth/token/${endpoint}`, { method: 'POST', body: new URLSearchParams(body) });
let renewed = '';

/** What it does once it has heard an event. */
const NEXT: Record<string, () => void | Promise<void>> = {
  whoami: async () => {
    if (renewed !== '') return void (await post('revoke', { token: renewed }));
    const answer = await post('refresh', { refresh_token: refreshToken });
    renewed = ((await answer.json()) as { data: { access_token: string } }).data.access_token;
    // From here on the old token is spent; the socket has a moment to present the new one.
    send('fastauth.authenticate', { access_token: renewed });
  },
  'fastauth.authenticate': () => send('whoami'),
};

socket.on('open', () => send('whoami'));
socket.on('close', (code, reason) => console.log(`closed ${code} ${String(reason)}`));
for await (const [text] of on(socket, 'message', { close: ['close'] })) {
  console.log(String(text));
  const { event = '' } = JSON.parse(String(text)) as { event?: string };
  await NEXT[event]?.();
}
