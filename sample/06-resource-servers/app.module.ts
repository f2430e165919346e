import { Controller, Get, Module } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from 'nestjs-fastauth';
import { AUDIENCE, ISSUER } from './orders.js';

@Controller()
class MeController {
  @AccessOnly()
  @Get('me')
  me(@CurrentPrincipal() principal: Principal) {
    return { clientId: principal.clientId };
  }
}

// Keys come from KEY_SET_FILE, the master token from MASTER_TOKEN. Resource servers that ask about tokens are clients:
// npx fastauth client add --client-id orders --audience https://orders.example.com --introspect
@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      issuer: ISSUER,
      audience: AUDIENCE,
      tokenEndpoint: true,
    }),
  ],
  controllers: [MeController],
})
export class AppModule {}
