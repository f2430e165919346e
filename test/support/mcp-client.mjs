// An MCP client whose tokens come from the client kit; it knows the server's URL and its own credentials.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { clientCredentials } from 'nestjs-fastauth/client';

const url = new URL(process.argv[2]);
const { client_id: clientId, client_secret: clientSecret } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT);
const refusal = await fetch(url, { method: 'POST' });
const [, metadata] = /resource_metadata="([^"]+)"/.exec(refusal.headers.get('www-authenticate'));
const { resource, authorization_servers: issuers } = await (await fetch(metadata)).json();
const credentials = clientCredentials({
  issuer: issuers[0],
  clientId,
  clientSecret,
  resource,
  baseUrl: url.origin,
});

const client = new Client({ name: 'client-kit', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(url, { fetch: credentials.fetch }));
await client.listTools();
await client.close();
