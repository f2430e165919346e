// The clients of bench:scale's sockets: they connect, answer pings, and tell when they were closed.
import { WebSocket } from 'ws';
import { answer } from './lib/answer.js';

/** Fewer than Node's backlog of 511, beyond which the kernel drops connections. */
const CONNECTING_AT_ONCE = 128;
/** Connections from one local address to one port: well below the kernel's 28 000 ephemeral ports. */
const PER_ADDRESS = 20_000;

const sockets = new Set();
let lastClosedAt;

/**
 * @param tokens one for each socket, or none
 * @param count how many to open
 * @param first the place of the first of them among all of the benchmark's
 */
async function connect({ library, port, path, tokens, count, first = 0 }) {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const place = next++;
      await admitted({
        library,
        port,
        path,
        token: tokens?.[place],
        localAddress: addressOf(port, first + place),
      });
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, worker));
  return { open: sockets.size };
}

/** Others for each server, whose port differs: closed connections hold on to theirs for a minute. */
function addressOf(port, place) {
  return `127.${1 + (port >> 8)}.${port & 255}.${2 + Math.floor(place / PER_ADDRESS)}`;
}

function admitted({ library, port, path, token, localAddress }) {
  const isIo = library !== 'ws';
  const url = `ws://127.0.0.1:${port}${isIo ? '/socket.io/?EIO=4&transport=websocket' : path}`;
  const headers = token === undefined || isIo ? {} : { 'ACCESS-TOKEN': token };
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { localAddress, headers, perMessageDeflate: false });
    sockets.add(socket);
    socket.on('error', reject);
    socket.on('close', () => {
      sockets.delete(socket);
      lastClosedAt = performance.timeOrigin + performance.now();
      reject(new Error('a socket was closed before it was let in'));
    });
    // Of the last frame that came, ws keeps a few bytes: each socket has sent one, pinged or not.
    if (!isIo) return socket.on('open', () => socket.pong(resolve));
    socket.on('message', (data) => {
      const packet = data.toString();
      // engine.io's open and ping, and socket.io's connect to a namespace.
      if (packet.startsWith('0'))
        socket.send(`40${path},${token === undefined ? '' : JSON.stringify({ token })}`);
      else if (packet === '2') socket.send('3');
      else if (packet.startsWith('40')) resolve();
    });
  });
}

/** Waits until the server has closed them all. @returns when the last of them was closed */
async function closed() {
  while (sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  return lastClosedAt;
}

async function leave() {
  for (const socket of sockets) socket.terminate();
  await closed();
}

answer({ connect, closed, leave });
