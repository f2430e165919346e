import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { FeedGateway } from './feed.gateway.js';
import { PageController } from './page.controller.js';

@Module({
  imports: [FastauthModule.forRoot({ configFile: false, databaseUrl: 'memory:' })],
  controllers: [PageController],
  providers: [FeedGateway],
})
export class AppModule {}
