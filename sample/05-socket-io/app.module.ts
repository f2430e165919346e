import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { AdminGateway, FeedGateway } from './gateways.js';

@Module({
  imports: [
    FastauthModule.forRoot({ configFile: false, envFile: envFileOf('05-socket-io'), databaseUrl: 'memory:' }),
  ],
  providers: [FeedGateway, AdminGateway],
})
export class AppModule {}
