import { connect } from 'node:net';

export interface RawAnswer {
  /** 0: the server closed the connection without an answer. */
  readonly status: number;
  readonly body: string;
}

/**
 * Sends a request exactly as it is written, which no HTTP client would, and reads the answer to its end.
 * @param target the request target, unchecked
 */
export function rawRequest(
  url: string,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const lines = Object.entries({ Host: 'localhost', Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return sendRaw(url, [`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
}

/** Sends these bytes over a connection of their own, and reads until the server closes it. */
export function sendRaw(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('The server gave no answer within 5 seconds'));
    }, 5000);
    socket.on('data', (chunk) => chunks.push(chunk));
    // A server may reset what it refuses; what came before is its answer.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      const text = Buffer.concat(chunks).toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      resolve({
        status: Number(/^HTTP\/1\.\d (\d{3})/.exec(text)?.[1] ?? 0),
        body: end === -1 ? '' : text.slice(end + 4),
      });
    });
  });
}
