import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../support/app.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { TestSocket } from '../support/sockets.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER_TOKEN = 'master-token-of-a-server-that-is-stopped';
/** What `shutdown-timeout` promises, and what a busy machine needs to end a process. */
const LIMIT_MS = 5000 + 1500;

const HALVES = {
  nothing: '',
  'half a header': 'GET /health HTTP/1.1\r\nHo',
  'half a body':
    'POST /auth/token/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nrefresh',
  'half a body for a route that reads none':
    'POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{',
  'a whole request, and keeps the connection': 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n',
};

let server: SampleProcess | undefined;
let sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop('SIGKILL');
});
afterAll(removeTemporaryFolders);

describe.each(ADAPTERS)('a server process on %s that gets SIGTERM', (adapter) => {
  it('ends in time, whatever its clients hold, and tells its WebSockets', async () => {
    const folder = temporaryFolder();
    server = await SampleProcess.start(copySample('01-quick-start', folder), folder, {
      HTTP_ADAPTER: adapter,
      MASTER_TOKEN,
      CRYPTOGRAPHY_KEY: 'a key of a server that is stopped, 32 bytes or more',
      NODE_ENV: 'production',
    });
    const { url } = server;
    const { hostname, port } = new URL(url);
    for (const text of Object.values(HALVES)) {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(text);
    }
    const issued = await fetch(`${url}/auth/token/new`, {
      method: 'POST',
      headers: { 'MASTER-TOKEN': MASTER_TOKEN },
    });
    const { data } = (await issued.json()) as { data: { access_token: string } };
    const [good, deaf] = [1, 2].map(() =>
      TestSocket.open(`${url}/ws/access`, { headers: { 'ACCESS-TOKEN': data.access_token } }),
    );
    for (const each of [good, deaf]) await each?.frame(0);
    // It reads nothing any more, so it does not answer the close either.
    (Reflect.get(deaf?.socket ?? {}, '_socket') as Socket).pause();
    const begun = performance.now();
    expect(await server.stop('SIGTERM')).toBe('SIGTERM');
    expect(performance.now() - begun).toBeLessThan(LIMIT_MS);
    expect(await good?.closed()).toBe(1001);
    deaf?.close();
  }, 60_000);
});
