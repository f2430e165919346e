import { Global, Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { OffersController } from './offers.controller.js';
import { PartnerDirectory } from './partner-directory.js';
import { PartnerTokenController } from './partner-token.controller.js';

/** Global, because the token controller lives in FastauthModule and needs it there. */
@Global()
@Module({ providers: [PartnerDirectory], exports: [PartnerDirectory] })
class PartnersModule {}

@Module({
  imports: [
    PartnersModule,
    FastauthModule.forRoot({
      configFile: false,
      envFile: envFileOf('02-custom-issuance'),
      databaseUrl: 'memory:',
      tokenController: PartnerTokenController,
    }),
  ],
  controllers: [OffersController],
})
export class AppModule {}
