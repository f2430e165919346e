// The load generator, in a process of its own: keep-alive connections that each have one request under way.
import { connect } from 'node:net';
import { answer } from './lib/answer.js';
import { CONNECTIONS } from './lib/connections.js';

/** @type {Map<number, Connection[]>} by port, kept between blocks so that no block pays for connecting */
const pools = new Map();

answer({ block, pace });

/**
 * Sends `count` requests over `connections` connections.
 * @param requests sent in turn; each answer must have the status `expect`
 * @param perConnection each connection sends one of the requests over and over, as a client that has a token does
 * @param chain name of a member of the JSON answer that goes, in place of `$CHAIN`, into the connection's next request
 * @param flood a number goes in place of `$FLOOD`, a new one in each request
 */
async function block({
  port,
  requests,
  count,
  connections = CONNECTIONS,
  expect = 200,
  perConnection = false,
  chain,
  flood,
  latencies = false,
}) {
  const pool = await poolOf(port, connections);
  const times = latencies ? new Float64Array(count) : undefined;
  let sent = 0;
  let done = 0;
  const startedAt = performance.now();
  // Never asleep: to wake up a sleeping process is the sender's work, and would be counted as the server's.
  let isRunning = true;
  const stayAwake = () => {
    if (isRunning) setImmediate(stayAwake);
  };
  stayAwake();
  await new Promise((resolve, reject) => {
    const next = (connection, place, link) => {
      if (sent >= count) return;
      const index = sent++;
      let text = requests[(perConnection || chain ? place : index + (flood ?? 0)) % requests.length];
      if (chain)
        text = text
          .replace(/Content-Length: \d+/, `Content-Length: ${link.length}`)
          .replace('$CHAIN', link.value);
      if (flood !== undefined) text = text.replace('$FLOOD', (flood + index).toString(36).padStart(8, 'A'));
      const startedAt = times ? performance.now() : 0;
      connection.exchange(text, (error, status, body) => {
        if (error) return reject(error);
        if (status !== expect) return reject(new Error(`answer ${status} instead of ${expect}: ${body}`));
        if (times) times[index] = performance.now() - startedAt;
        if (chain) link.take(body);
        if (++done === count) resolve();
        else next(connection, place, link);
      });
    };
    for (const [index, connection] of pool.entries())
      next(connection, index, chain && linkOf(connection, index, chain));
  }).finally(() => (isRunning = false));
  const seconds = (performance.now() - startedAt) / 1000;
  return { count, seconds, ...(times ? percentiles(times) : {}) };
}

/**
 * Has `rate` requests a second come for `seconds`, those of a millisecond together, whether or not those before are
 * answered. Times count from then, so that one that had to wait for a connection is as late as its caller would find it.
 */
async function pace({ port, request, rate, seconds, connections = CONNECTIONS }) {
  const idle = [...(await poolOf(port, connections))];
  const count = Math.round(rate * seconds);
  const cameAt = new Float64Array(count);
  const times = new Float64Array(count);
  let come = 0;
  let sent = 0;
  let done = 0;
  const startedAt = performance.now();
  await new Promise((resolve, reject) => {
    const send = () => {
      for (; sent < come && idle.length > 0; sent++) {
        const connection = idle.pop();
        const index = sent;
        connection.exchange(request, (error, status) => {
          if (error || status !== 200) return reject(error ?? new Error(`answer ${status} instead of 200`));
          times[index] = performance.now() - cameAt[index];
          idle.push(connection);
          if (++done === count) resolve();
          else send();
        });
      }
    };
    const tick = () => {
      const now = performance.now();
      const due = Math.min(count, Math.floor(((now - startedAt) / 1000) * rate) + 1);
      cameAt.fill(now, come, due);
      come = due;
      send();
      // It sleeps, unlike a block: a core that spins takes time from the server's where the host gives both a quota.
      if (come < count) setTimeout(tick, 1);
    };
    tick();
  });
  return { count, ...percentiles(times) };
}

function linkOf(connection, index, { member, values }) {
  connection.link ??= {
    value: values[index],
    get length() {
      return Buffer.byteLength(JSON.stringify({ [member]: this.value }));
    },
    take(body) {
      this.value = JSON.parse(body).data[member];
    },
  };
  return connection.link;
}

function percentiles(times) {
  const sorted = times.sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}

async function poolOf(port, size) {
  // The server may have closed those that were not needed for a while.
  const pool = (pools.get(port) ?? []).filter((connection) => connection.isOpen);
  pools.set(port, pool);
  while (pool.length < size) pool.push(await Connection.open(port));
  return pool.slice(0, size);
}

class Connection {
  #socket;
  #received = '';
  #callback;

  static open(port) {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  constructor(socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text) => this.#take(text));
    const lost = (error) => this.#end(error instanceof Error ? error : new Error('connection closed'));
    socket.on('error', lost);
    socket.on('close', lost);
  }

  get isOpen() {
    return this.#socket.readyState === 'open';
  }

  exchange(text, callback) {
    this.#callback = callback;
    this.#socket.write(text, 'latin1');
  }

  #take(text) {
    this.#received += text;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = this.#received.slice(0, end).toLowerCase();
    const mark = head.indexOf('content-length: ');
    const length = mark === -1 ? 0 : Number.parseInt(head.slice(mark + 16), 10);
    if (this.#received.length < end + 4 + length) return;
    const body = this.#received.slice(end + 4);
    this.#received = '';
    this.#end(undefined, Number(head.slice(9, 12)), body);
  }

  #end(...outcome) {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.(...outcome);
  }
}
