// Sends a message to a namespace, logs out if it has an access token, and says what it hears.
// Arguments: URL of the namespace, message, header with a token.
import { io } from 'socket.io-client';

const [, , url = '', message = '', header = ''] = process.argv;
const [name = '', token = ''] = header.split(': ');
// A page cannot set headers: there it is io(url, { auth: { token } }).
const socket = io(url, { reconnection: false, ...(token !== '' && { extraHeaders: { [name]: token } }) });

socket.on('connect', async () => {
  console.log(`answer: ${await socket.emitWithAck(message)}`);
  if (name !== 'ACCESS-TOKEN') return void socket.close();
  const body = new URLSearchParams({ token });
  await fetch(new URL('/auth/token/revoke', url), { method: 'POST', body });
});
socket.on('connect_error', (error) => {
  console.log('refused:', error.message, JSON.stringify(Reflect.get(error, 'data')));
  socket.close();
});
socket.on('fastauth.ended', (end) => console.log('ended:', JSON.stringify(end)));
socket.on('disconnect', (reason) => {
  console.log(`disconnected: ${reason}`);
  socket.close();
});
