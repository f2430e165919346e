import { Controller, Get, Module } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';

@Controller()
class WhoamiController {
  @AccessOnly()
  @Get('whoami')
  whoami(@CurrentPrincipal() principal: Principal) {
    return { clientId: principal.clientId, process: process.pid };
  }
}

/** All that makes a fleet of it is `databaseUrl`, and keys that are the same everywhere. */
@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: envFileOf('03-redis-fleet'),
      appName: process.env['APP_NAME'] || 'redis-fleet',
      databaseUrl: process.env['REDIS_URL'] || 'redis://127.0.0.1:6379',
    }),
  ],
  controllers: [WhoamiController],
})
export class AppModule {}
