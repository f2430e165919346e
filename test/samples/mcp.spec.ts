import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '../support/documented-app.js';
import { mcpConformance } from '../support/mcp-conformance.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const CLIENT_SECRET = 'q3Zt8mXv0yBn4KcR7sHw2LdP6gJf9aUe1oTi5xNbVkM';

/** Sends on each request with a token: the conformance suite has no way to bring one. */
function withToken(port: string, token: string): Promise<Server> {
  const relay = createServer((from, to) => {
    const headers = { ...from.headers, authorization: `Bearer ${token}` };
    const sent = request({ port, method: from.method, path: from.url, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    from.pipe(sent);
  });
  return new Promise((done) => relay.listen(0, '127.0.0.1', () => done(relay)));
}

describe("the sample of MCP, by the MCP project's conformance suite", () => {
  let sample: SampleProcess;
  let relay: Server;

  beforeAll(async () => {
    const PORT = String(await freePort());
    const folder = temporaryFolder();
    sample = await SampleProcess.start(copySample('15-mcp', folder), folder, { PORT, CLIENT_SECRET });
    const answer = await fetch(`${sample.url}/auth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from(`reader:${CLIENT_SECRET}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: `${sample.url}/mcp` }),
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    relay = await withToken(PORT, access_token);
  }, 60_000);
  afterAll(async () => {
    relay?.close();
    await sample?.stop();
    removeTemporaryFolders();
  });

  it.each(['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'])(
    'passes %s with a token',
    async (scenario) => {
      const { port } = relay.address() as AddressInfo;
      const url = `http://localhost:${port}/mcp`;
      const { status, output } = await mcpConformance('server', `--url=${url}`, `--scenario=${scenario}`);
      expect(output).toMatch(/^Passed: (\d+)\/\1, 0 failed, 0 warnings$/m);
      expect(status).toBe(0);
    },
  );

  it('lets nobody in without one', async () => {
    const { status, output } = await mcpConformance('server', `--url=${sample.url}/mcp`, '--scenario=ping');
    expect(output).toContain('missing_token');
    expect(status).not.toBe(0);
  });
});
