import { Controller, Get, Module } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { PersistenceController } from './persistence.controller.js';

@Module({ controllers: [PersistenceController] })
export class PersistenceModule {}

@Controller()
class WhoamiController {
  @AccessOnly()
  @Get('whoami')
  whoami(@CurrentPrincipal() { clientId }: Principal) {
    return { clientId };
  }
}

@Module({
  imports: [
    FastauthModule.forRootAsync({
      // The port of the persistence server is known once it listens.
      useFactory: () => ({
        configFile: false,
        envFile: envFileOf('08-rest-store'),
        databaseApiUrl: process.env['PERSISTENCE_URL'] ?? '',
      }),
    }),
  ],
  controllers: [WhoamiController],
})
export class AppModule {}
