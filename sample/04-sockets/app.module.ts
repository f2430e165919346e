import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { FeedGateway } from './feed.gateway.js';
import { PageController } from './page.controller.js';

@Module({
  imports: [
    FastauthModule.forRoot({ configFile: false, envFile: envFileOf('04-sockets'), databaseUrl: 'memory:' }),
  ],
  controllers: [PageController],
  providers: [FeedGateway],
})
export class AppModule {}
