import { connect, createServer } from 'node:net';

/** Stands between a process and its store, and can make the connection that tells of changes fall silent. */
export class FeedRelay {
  #connections = new Set();
  #server;
  #target;

  static async start(databaseUrl) {
    const relay = new FeedRelay(databaseUrl);
    await new Promise((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  constructor(databaseUrl) {
    this.#target = new URL(databaseUrl);
    this.#server = createServer((client) => {
      const backend = connect(Number(this.#target.port), this.#target.hostname);
      const connection = { client, backend, sent: '', isSilent: false };
      this.#connections.add(connection);
      client.on('data', (data) => {
        connection.sent += data.toString('latin1');
        backend.write(data);
      });
      backend.on('data', (data) => connection.isSilent || client.write(data));
      const end = () => {
        this.#connections.delete(connection);
        client.destroy();
        backend.destroy();
      };
      for (const socket of [client, backend]) socket.on('error', end).on('close', end);
    });
  }

  /** The store's URL by way of this relay. */
  get url() {
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${this.#server.address().port}`;
    return url.href;
  }

  /** From now on nothing comes back on connections that have sent this text. @returns how many there are */
  silence(text) {
    const feeds = [...this.#connections].filter(({ sent }) => sent.includes(text));
    for (const feed of feeds) feed.isSilent = true;
    return feeds.length;
  }

  async stop() {
    for (const { client, backend } of this.#connections) {
      client.destroy();
      backend.destroy();
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
