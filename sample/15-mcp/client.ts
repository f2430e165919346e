// An MCP client that knows the server's URL and its own credentials, and nothing else.
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [, , url = 'http://localhost:3000/mcp'] = process.argv;
const authProvider = new ClientCredentialsProvider({
  clientId: 'reader',
  clientSecret: process.env['CLIENT_SECRET'] ?? '',
  expectedIssuer: new URL(url).origin,
});
const client = new Client({ name: 'sample', version: '1.0.0' });
const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
await client.connect(transport as Parameters<Client['connect']>[0]);
const { content } = await client.callTool({ name: 'read_notes' });
console.log(JSON.stringify(content));
await client.close();
