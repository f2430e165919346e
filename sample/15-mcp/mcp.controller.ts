import type { IncomingMessage, ServerResponse } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { CurrentPrincipal, type Principal, Scopes } from 'nestjs-fastauth';

@Scopes('notes:read')
@Controller('mcp')
export class McpController {
  /** Without sessions of the protocol's own: each request brings its token, and gets a server for itself. */
  @Post()
  async handle(
    @Req() request: IncomingMessage & { readonly body?: unknown },
    @Res() response: ServerResponse,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    const server = notesFor(principal);
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on('close', () => void server.close());
    // The SDK's own types differ in what may be undefined.
    await server.connect(transport as Parameters<McpServer['connect']>[0]);
    await transport.handleRequest(request, response, request.body);
  }
}

function notesFor({ clientId, scopes }: Principal): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool('read_notes', { description: 'Reads the notes of whoever calls' }, () => ({
    content: [{ type: 'text', text: `${clientId} may ${scopes.join(' ')}: water the plants` }],
  }));
  return server;
}
