import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const DEADLINE_MS = 5000;

/** A WebSocket client of bare TCP: sends what it is told to, and answers nothing by itself. */
export class RawSocket {
  /** All that came, a character a byte. */
  heard = '';
  readonly connection: Socket;
  private readonly gone: Promise<unknown>;

  /** @param text what to send once connected */
  constructor(url: string, text: string) {
    const { hostname, port } = new URL(url);
    this.connection = connect(Number(port), hostname, () => this.connection.write(text));
    this.connection.on('data', (chunk) => (this.heard += chunk.toString('latin1')));
    // A server may reset what it ends.
    this.connection.on('error', () => undefined);
    this.gone = new Promise((resolve) => this.connection.once('close', resolve));
  }

  /** One that asks for a WebSocket. @param headers lines besides those that every handshake has */
  static upgrade(url: string, headers: readonly string[] = []): RawSocket {
    return new RawSocket(url, [...upgradeLines(url), ...headers, '', ''].join('\r\n'));
  }

  /** All that came, once this is part of it. */
  async hears(text: string): Promise<string> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    while (!this.heard.includes(text)) await once(this.connection, 'data', { signal: deadline });
    return this.heard;
  }

  /** Once the server has ended the connection: all that came. */
  async closed(): Promise<string> {
    await this.gone;
    return this.heard;
  }
}

/** The start of a handshake, without the empty line that ends it. @see RFC 6455 section 4.1 */
export function upgradeLines(url: string): string[] {
  return [
    `GET ${new URL(url).pathname} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
}
