import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server does wrong; all of it may be changed while it runs. */
export interface PersistenceFaults {
  /** Answers every call with this status. */
  status?: number;
  /** Answers saves with this status, and loads as ever. */
  refuseSaves?: number;
  /** Milliseconds before an answer. */
  delay?: number;
  /** Answers loads with this text instead of the record. */
  text?: string;
  /** Closes the connection in the middle of a load's answer. */
  cut?: boolean;
  /** Answers loads with this many bytes of JSON. */
  huge?: number;
  /** Closes each connection without an answer. */
  refuse?: boolean;
  /** Saves, but closes the connection before it says so. */
  loseAnswer?: boolean;
  /** Called with each record that came to be saved, before it is. */
  beforeSave?: (body: string) => Promise<void>;
}

export interface SeenCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/**
 * The REST persistence API as users of the Python original run it. The path before `/token` names a database,
 * so that tests that share a server do not share data.
 */
export class PersistenceServer {
  faults: PersistenceFaults = {};
  readonly calls: SeenCall[] = [];
  inFlight = 0;
  mostInFlight = 0;
  connections = 0;
  bytesSent = 0;
  readonly #records = new Map<string, unknown>();
  #server: Server | undefined;

  async start(port = 0): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on('connection', () => this.connections++);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  }

  get port(): number {
    const address = this.#server?.address() as AddressInfo | undefined;
    if (!address) throw new Error('The persistence server is not started');
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** What is stored for a client, as the API's answer holds it; `database` as in the URL, such as `/db1`. */
  record(clientId: string, database = ''): unknown {
    return this.#records.get(`${database}/token ${clientId}`);
  }

  setRecord(clientId: string, record: unknown, database = ''): void {
    this.#records.set(`${database}/token ${clientId}`, record);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    response.once('close', () => this.inFlight--);
    const body = await bodyOf(request).catch(() => '');
    const { method = '', url = '' } = request;
    this.calls.push({ method, url, headers: request.headers, body });
    const { delay, refuse, refuseSaves } = this.faults;
    const status = method === 'POST' ? (refuseSaves ?? this.faults.status) : this.faults.status;
    if (refuse) return void request.socket.destroy();
    if (delay) await new Promise((resolve) => setTimeout(resolve, delay).unref());
    if (status !== undefined)
      return void response.writeHead(status, { location: '/token' }).end('{"detail":"no"}');
    const { pathname, searchParams } = new URL(url, 'http://host');
    const key = `${pathname} ${searchParams.get('client_id')}`;
    if (method === 'POST') await this.faults.beforeSave?.(body);
    if (method === 'POST') this.#save(key, body, response);
    else this.#load(key, response);
  }

  #save(key: string, body: string, response: ServerResponse): void {
    this.#records.set(key, JSON.parse(body));
    if (this.faults.loseAnswer) return void response.socket?.destroy();
    sendJson(response, 200, JSON.stringify({ status: 'success' }));
  }

  #load(key: string, response: ServerResponse): void {
    const { text, cut, huge } = this.faults;
    if (huge) return this.#sendHuge(huge, response);
    if (text !== undefined) return sendJson(response, 200, text);
    const record = this.#records.get(key);
    if (record === undefined) return sendJson(response, 404, '{"detail":"Client not found"}');
    const json = JSON.stringify(record);
    if (!cut) return sendJson(response, 200, json);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': json.length });
    response.write(json.slice(0, json.length >> 1), () => response.socket?.destroy());
  }

  #sendHuge(bytes: number, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = Buffer.alloc(16 * 1024, 0x20);
    let left = bytes;
    const send = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= chunk.length;
        this.bytesSent += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', send);
      }
      response.end('{}');
    };
    send();
  }
}

function sendJson(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(json);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
