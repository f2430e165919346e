import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { AdminGateway, FeedGateway } from './gateways.js';

@Module({
  imports: [FastauthModule.forRoot({ configFile: false, databaseUrl: 'memory:' })],
  providers: [FeedGateway, AdminGateway],
})
export class AppModule {}
