import { Controller, Get, Module } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { openTokenStore } from './token-store.js';

export const tokenStore = openTokenStore();

@Controller()
class AppController {
  @AccessOnly()
  @Get('whoami')
  whoami(@CurrentPrincipal() { clientId }: Principal) {
    return { clientId };
  }
}

@Module({
  imports: [FastauthModule.forRoot({ configFile: false, envFile: envFileOf('09-sql'), store: tokenStore })],
  controllers: [AppController],
})
export class AppModule {}
