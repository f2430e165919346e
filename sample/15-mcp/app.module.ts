import { createHash } from 'node:crypto';
import { Module } from '@nestjs/common';
import { FastauthModule, readKeyFromEnv } from 'nestjs-fastauth';
import { McpController } from './mcp.controller.js';
import { ENV_FILE, RESOURCE, URL_OF_SERVER } from './settings.js';

const secret =
  process.env['CLIENT_SECRET'] || ((await readKeyFromEnv({ name: 'CLIENT_SECRET', path: ENV_FILE })) ?? '');

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: ENV_FILE,
      databaseUrl: 'memory:',
      issuer: URL_OF_SERVER,
      // Tokens are for this resource; its metadata says who gives them out.
      audience: RESOURCE,
      resourceIdentifier: RESOURCE,
      scopes: { 'notes:read': 'Read the notes' },
      // Elsewhere `fastauth client add` makes the secret, and keeps its hash in the store.
      clients: [
        {
          clientId: 'reader',
          secretHashes: [`sha256:${createHash('sha256').update(secret).digest('hex')}`],
          scopes: ['notes:read'],
          audiences: [RESOURCE],
        },
      ],
    }),
  ],
  controllers: [McpController],
})
export class AppModule {}
