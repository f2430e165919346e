import type { INestApplication, WebSocketAdapter } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { io, type Socket as IoClient } from 'socket.io-client';
import { ADAPTERS } from './app.js';
import { TestSocket } from './sockets.js';

/** How a test's client shows who it is. */
export interface Credentials {
  readonly headers?: Record<string, string>;
  /** In the way that browsers have: as a subprotocol, or in socket.io's `auth`. */
  readonly browserToken?: string;
  readonly queryToken?: string;
}

/** What became of a handshake, or of a socket. */
export interface Refusal {
  readonly detail: string;
  readonly code: string;
}

/** A client of either library, seen alike. */
export interface TestClient {
  /** The refusal of its handshake; undefined if it was admitted. */
  refused(): Promise<Refusal | undefined>;
  emit(event: string, data?: unknown): void;
  /** What the next event of that name, of those not asked for yet, came with. */
  next(event: string): Promise<unknown>;
  /** Why it was closed after it had been admitted. */
  ended(): Promise<Refusal>;
  readonly isOpen: boolean;
  /** All that it heard, as text. */
  readonly heard: string;
  close(): void;
}

export interface SocketPlatform {
  readonly name: 'ws' | 'socket.io';
  adapter(app: INestApplication): WebSocketAdapter;
  /** Options of `@WebSocketGateway` for a gateway at this place: a path, or a namespace. */
  at(place: string): { path: string } | { namespace: string };
  connect(url: string, place: string, credentials?: Credentials): TestClient;
}

const DEADLINE_MS = 5000;

export const WS: SocketPlatform = {
  name: 'ws',
  adapter: (app) => new WsAdapter(app),
  at: (path) => ({ path }),
  connect: (url, place, credentials = {}) => new WsTestClient(url + place, credentials),
};

export const SOCKET_IO: SocketPlatform = {
  name: 'socket.io',
  adapter: (app) => new IoAdapter(app),
  at: (namespace) => ({ namespace }),
  connect: (url, place, credentials = {}) => new IoTestClient(url + place, credentials),
};

/** Both libraries on both HTTP adapters. */
export const COMBINATIONS = [WS, SOCKET_IO].flatMap((platform) =>
  ADAPTERS.map((adapter) => [platform.name, adapter, platform] as const),
);

class WsTestClient implements TestClient {
  private readonly socket: TestSocket;
  private read = 0;

  constructor(url: string, { headers, browserToken, queryToken }: Credentials) {
    this.socket = TestSocket.open(queryToken === undefined ? url : `${url}?access_token=${queryToken}`, {
      headers: headers ?? {},
      ...(browserToken === undefined ? {} : { protocols: ['bearer', browserToken] }),
    });
  }

  get isOpen(): boolean {
    return this.socket.socket.readyState === 1;
  }

  get heard(): string {
    return this.socket.frames.join('\n');
  }

  async refused(): Promise<Refusal | undefined> {
    // Gateways of the tests greet whom they let in.
    const first = (await this.socket.frame(0)) as { event?: string; detail?: string };
    this.read = 1;
    if (first.event === 'hello') return undefined;
    const code = await this.socket.closed();
    if (code !== 1008) throw new Error(`closed with ${code}`);
    if (this.socket.frames.length > 1) throw new Error('more than one frame came');
    return { detail: first.detail ?? '', code: this.socket.closeReason ?? '' };
  }

  emit(event: string, data?: unknown): void {
    this.socket.send({ event, data });
  }

  async next(event: string): Promise<unknown> {
    for (;;) {
      const frame = (await this.socket.frame(this.read)) as { event?: string; data?: unknown };
      this.read++;
      if (frame.event === event) return frame.data;
    }
  }

  async ended(): Promise<Refusal> {
    const code = await this.socket.closed();
    if (code !== 1008) throw new Error(`closed with ${code}`);
    const { status, detail } = JSON.parse(this.socket.frames.at(-1) ?? '{}');
    if (status !== 'error') throw new Error('it was not told why');
    return { detail, code: this.socket.closeReason ?? '' };
  }

  close(): void {
    this.socket.close();
  }
}

class IoTestClient implements TestClient {
  private readonly client: IoClient;
  private readonly events: { event: string; data: unknown }[] = [];
  private readonly outcome: Promise<Refusal | undefined>;

  constructor(url: string, { headers, browserToken, queryToken }: Credentials) {
    this.client = io(url, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      extraHeaders: headers ?? {},
      ...(browserToken === undefined ? {} : { auth: { token: browserToken } }),
      ...(queryToken === undefined ? {} : { query: { access_token: queryToken } }),
    });
    this.outcome = new Promise((resolve) => {
      this.client.on('connect', () => resolve(undefined));
      this.client.on('connect_error', (error: Error & { data?: { code?: string } }) =>
        resolve({ detail: error.message, code: error.data?.code ?? '' }),
      );
    });
    this.client.onAny((event: string, data: unknown) => this.events.push({ event, data }));
    this.client.on('disconnect', (reason) => this.events.push({ event: 'disconnect', data: reason }));
  }

  get isOpen(): boolean {
    return this.client.connected;
  }

  get heard(): string {
    return JSON.stringify(this.events);
  }

  refused(): Promise<Refusal | undefined> {
    return this.outcome;
  }

  emit(event: string, data?: unknown): void {
    this.client.emit(event, data);
  }

  async next(event: string): Promise<unknown> {
    const deadline = Date.now() + DEADLINE_MS;
    while (Date.now() < deadline) {
      const index = this.events.findIndex((heard) => heard.event === event);
      if (index !== -1) return this.events.splice(0, index + 1).at(-1)?.data;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error(`The socket did not hear ${event}`);
  }

  async ended(): Promise<Refusal> {
    const { status, detail, code } = (await this.next('fastauth.ended')) as Refusal & { status: string };
    if (status !== 'error') throw new Error('it was not told why');
    const reason = await this.next('disconnect');
    if (reason !== 'io server disconnect') throw new Error(`disconnected by ${String(reason)}`);
    return { detail, code };
  }

  close(): void {
    this.client.close();
  }
}
