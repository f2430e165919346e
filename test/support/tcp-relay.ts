import { connect, createServer, type Server, type Socket } from 'node:net';

/** A connection through a {@link TcpRelay}. */
interface Relayed {
  readonly client: Socket;
  readonly backend: Socket;
  /** All that the client sent. */
  sent: string;
  isMute: boolean;
  /** Nothing is forwarded either way. */
  isStalled: boolean;
}

/** Stands between a client and a server, and can make connections half-open: what goes in never comes out. */
export class TcpRelay {
  readonly #connections = new Set<Relayed>();
  readonly #server: Server;
  #lastWords: string | undefined;
  #instead: { readonly text: string; readonly answer: string; readonly isEnd: boolean } | undefined;
  #isStalled = false;
  #isFrozen = false;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const relayed: Relayed = {
        client,
        backend: connect(port, '127.0.0.1'),
        sent: '',
        isMute: false,
        isStalled: this.#isStalled,
      };
      this.#connections.add(relayed);
      const { backend } = relayed;
      client.on('data', (data) => {
        const text = data.toString('latin1');
        relayed.sent += text;
        if (this.#lastWords !== undefined && text.includes(this.#lastWords)) {
          relayed.isMute = true;
          this.#lastWords = undefined;
        }
        if (this.#instead !== undefined && text.includes(this.#instead.text)) {
          const { answer, isEnd } = this.#instead;
          this.#instead = undefined;
          relayed.isMute = true;
          client.write(answer, () => isEnd && client.destroy());
          return;
        }
        if (!relayed.isStalled) backend.write(data);
      });
      backend.on('data', (data) => {
        if (!relayed.isMute && !relayed.isStalled) client.write(data);
      });
      if (this.#isFrozen) for (const socket of [client, backend]) socket.pause();
      const end = (): void => {
        this.#connections.delete(relayed);
        client.destroy();
        backend.destroy();
      };
      for (const socket of [client, backend]) socket.on('error', end).on('close', end);
    });
  }

  static async start(port: number): Promise<TcpRelay> {
    const relay = new TcpRelay(port);
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /** From now on nothing comes back on connections that sent this text. @returns how many there are */
  mute(sent: string): number {
    let count = 0;
    for (const relayed of this.#connections) {
      if (!relayed.sent.includes(sent)) continue;
      relayed.isMute = true;
      count++;
    }
    return count;
  }

  /** Lets the next request with this text through, and nothing back on its connection from then on. */
  loseAnswerTo(text: string): void {
    this.#lastWords = text;
  }

  /**
   * Answers the next request with this text in the server's place, and lets nothing more through on its connection.
   * @param isEnd closes the connection after that
   */
  answerTo(text: string, answer: string, isEnd = false): void {
    this.#instead = { text, answer, isEnd };
  }

  /** From now on nothing is forwarded; connections stay open, and new ones are accepted. */
  stall(): void {
    this.#isStalled = true;
    for (const relayed of this.#connections) relayed.isStalled = true;
  }

  /** New connections work again; those that were stalled stay so, as when a firewall forgets them. */
  recover(): void {
    this.#isStalled = false;
  }

  /** From now on everything is delivered late: when {@link thaw} is called, even if its sender is gone by then. */
  freeze(): void {
    this.#isFrozen = true;
    for (const { client, backend } of this.#connections)
      for (const socket of [client, backend]) socket.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const { client, backend } of this.#connections)
      for (const socket of [client, backend]) socket.resume();
  }

  async stop(): Promise<void> {
    for (const { client, backend } of this.#connections) {
      client.destroy();
      backend.destroy();
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
