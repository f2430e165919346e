import { createHash } from 'node:crypto';
import { Controller, Get, Module } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from 'nestjs-fastauth';
import { AUDIENCE, ENV_FILE, ISSUER, KEY_SET_FILE, readClientSecret } from './settings.js';

@Controller()
class MeController {
  @AccessOnly()
  @Get('me')
  me(@CurrentPrincipal() principal: Principal) {
    return { clientId: principal.clientId };
  }
}

const secret = await readClientSecret();

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: ENV_FILE,
      keySetFile: KEY_SET_FILE,
      databaseUrl: process.env['FASTAUTH_DATABASE_URL'] || 'memory:',
      issuer: ISSUER,
      audience: AUDIENCE,
      tokenEndpoint: true,
      // Resource servers that ask about tokens are clients. Elsewhere `fastauth client add --introspect` makes them.
      clients: [
        {
          clientId: 'orders',
          secretHashes: [`sha256:${createHash('sha256').update(secret).digest('hex')}`],
          audiences: [AUDIENCE],
          introspect: true,
        },
      ],
    }),
  ],
  controllers: [MeController],
})
export class AppModule {}
