import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Many WebSocket clients in a process of their own, bare so that they cost little. For each command of stdin it
 * opens sockets at once and says what became of them.
 */
interface Command {
  readonly url: string;
  readonly count: number;
  /** One is taken after another, and from the start again; none: sockets without a token. */
  readonly tokens?: readonly string[];
  /** Whether to close, and forget, all sockets that are open. */
  readonly close?: boolean;
  /** Whether refused sockets leave the close frame unanswered and the connection open. */
  readonly mute?: boolean;
  /** Milliseconds over which the attempts are spread; none: all at once. */
  readonly spread?: number;
  /** Whether to speak as a client of socket.io does, with the token in `auth`. */
  readonly io?: boolean;
}

type Outcome = 'admitted' | 'refused' | 'failed';

const PATIENCE_MS = 40_000;
/** Connections that wait to be accepted: fewer than Node's backlog of 511, beyond which the kernel drops them. */
const CONNECTING_AT_ONCE = 400;
/** A ping, and a client's answer: frames of RFC 6455 section 5.5 without a payload. */
const PING = Buffer.of(0x89, 0);
const PONG = Buffer.of(0x8a, 0x80, 0, 0, 0, 0);
const open = new Set<Socket>();
const waiting: (() => void)[] = [];
let connecting = 0;

async function turn(): Promise<void> {
  if (connecting >= CONNECTING_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  connecting++;
}

function connected(): void {
  connecting--;
  waiting.shift()?.();
}

/** A text frame of a client, masked with zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.from([0x81, 0x80 | 126, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

async function attempt({ url, mute, io }: Command, token: string | undefined): Promise<Outcome> {
  await turn();
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const timer = setTimeout(() => conclude('failed'), PATIENCE_MS);
    let heard = '';
    let hasAsked = io !== true;
    const conclude = (outcome: Outcome): void => {
      clearTimeout(timer);
      if (outcome !== 'admitted' && !mute) socket.destroy();
      resolve(outcome);
    };
    open.add(socket);
    socket.once('connect', connected);
    socket.on('connect', () =>
      socket.write(
        [
          `GET ${pathname}${io ? '/?EIO=4&transport=websocket' : ''} HTTP/1.1`,
          'Host: localhost',
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          ...(token === undefined || io ? [] : [`ACCESS-TOKEN: ${token}`]),
          '',
          '',
        ].join('\r\n'),
      ),
    );
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (!mute && chunk.includes(PING)) socket.write(PONG);
      if (!heard.startsWith('HTTP/1.1 101')) return;
      if (!hasAsked && heard.includes('"sid"')) {
        hasAsked = true;
        socket.write(frame(`40${JSON.stringify({ token })}`));
      }
      if (heard.includes('{"event":"hello"}') || heard.includes('40{"sid"')) conclude('admitted');
      else if (heard.includes('"status":"error"') || heard.includes('44{"message"')) conclude('refused');
    });
    socket.on('error', () => conclude('failed'));
    socket.on('close', () => {
      open.delete(socket);
      conclude('failed');
    });
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  if (command.close) for (const socket of open) socket.destroy();
  const outcomes = await Promise.all(
    Array.from({ length: command.count }, async (_each, index) => {
      if (command.spread) await sleep((index * command.spread) / command.count);
      return attempt(command, command.tokens?.[index % command.tokens.length]);
    }),
  );
  const tally: Record<Outcome, number> = { admitted: 0, refused: 0, failed: 0 };
  for (const outcome of outcomes) tally[outcome]++;
  process.stdout.write(`${JSON.stringify(tally)}\n`);
}
for (const socket of open) socket.destroy();
