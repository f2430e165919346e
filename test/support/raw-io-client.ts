import type { Socket } from 'node:net';
import { TestSocket } from './sockets.js';

/** What socket.io's server says to the wish to enter a namespace. */
export interface IoAnswer {
  readonly sid?: string;
  /** Of connection state recovery. */
  readonly pid?: string;
  readonly message?: string;
  readonly data?: { readonly code: string };
}

/** A socket.io client that does only what it is told, over one WebSocket: it stays when a good client would go. */
export class RawIoClient {
  private constructor(readonly connection: TestSocket) {}

  static async open(url: string, headers: Record<string, string> = {}): Promise<RawIoClient> {
    const client = new RawIoClient(
      TestSocket.open(`${url}/socket.io/?EIO=4&transport=websocket`, { headers }),
    );
    await client.connection.frame(0);
    return client;
  }

  get isOpen(): boolean {
    return this.connection.socket.readyState === 1;
  }

  /** Asks for the namespace, and waits for the answer. */
  async enter(namespace: string, auth: object = {}): Promise<IoAnswer> {
    const place = namespace === '/' ? '' : `${namespace},`;
    const from = this.connection.frames.length;
    this.connection.send(`40${place}${JSON.stringify(auth)}`);
    return JSON.parse(await this.jsonBehind([`40${place}`, `44${place}`], '{', from)) as IoAnswer;
  }

  /** What the next event of that name came with, those that came before included. */
  async event(namespace: string, name: string): Promise<unknown[]> {
    const place = namespace === '/' ? '' : `${namespace},`;
    return JSON.parse(await this.jsonBehind([`42${place}`], `["${name}"`)) as unknown[];
  }

  /** From now on it answers no close, nor anything else: resolves when its connection is cut. */
  goDeaf(): Promise<unknown> {
    const raw = Reflect.get(this.connection.socket, '_socket') as Socket;
    Reflect.get(this.connection.socket, '_receiver').removeAllListeners('conclude');
    return new Promise((resolve) => raw.once('close', resolve));
  }

  close(): void {
    this.connection.close();
  }

  /** The JSON, with this beginning, of the next frame that one of the heads stands before. */
  private async jsonBehind(heads: readonly string[], beginning: string, from = 0): Promise<string> {
    for (let index = from; ; index++) {
      await this.connection.frame(index);
      const frame = this.connection.frames[index] ?? '';
      const head = heads.find((each) => frame.startsWith(each + beginning));
      if (head !== undefined) return frame.slice(head.length);
    }
  }
}
