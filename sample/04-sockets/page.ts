/**
 * A page that connects, and goes on over a refresh without connecting anew. It asks for a pair of tokens, which a
 * real page would have from its own server.
 */
export const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Feed</title>
<h1>Feed</h1>
<form id="login">
  <input id="access" placeholder="access token">
  <input id="refresh" placeholder="refresh token">
  <button>Connect</button>
</form>
<form id="say"><input id="text" placeholder="say something"><button>Say</button></form>
<button id="renew">Refresh the token</button>
<pre id="log"></pre>
<script type="module">
const field = (id) => document.getElementById(id);
const log = (line) => (field('log').textContent += line + '\\n');
const onSubmit = (id, handle) =>
  field(id).addEventListener('submit', (event) => { event.preventDefault(); handle(); });
let socket;

onSubmit('login', () => {
  // A browser cannot set headers: the token travels as the subprotocol after "bearer".
  socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws/feed', ['bearer', field('access').value]);
  socket.onopen = () => send('whoami');
  socket.onmessage = ({ data }) => log(data);
  socket.onclose = ({ code, reason }) => log('closed ' + code + ' ' + reason);
});
onSubmit('say', () => send('say', field('text').value));

field('renew').addEventListener('click', async () => {
  const answer = await fetch('/auth/token/refresh', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh_token: field('refresh').value }),
  });
  const { data } = await answer.json();
  // From here on the old token is spent; the socket has a moment to present the new one.
  send('fastauth.authenticate', { access_token: data.access_token });
  field('access').value = data.access_token;
  field('refresh').value = data.refresh_token;
});

function send(event, data) {
  socket.send(JSON.stringify({ event, data }));
}
</script>
`;
