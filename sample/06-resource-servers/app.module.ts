import { Controller, Get, Module } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from 'nestjs-fastauth';

@Controller()
class MeController {
  @AccessOnly()
  @Get('me')
  me(@CurrentPrincipal() principal: Principal) {
    return { clientId: principal.clientId };
  }
}

// Keys come from KEY_SET_FILE, the master token from MASTER_TOKEN.
@Module({ imports: [FastauthModule.forRoot({ configFile: false })], controllers: [MeController] })
export class AppModule {}
