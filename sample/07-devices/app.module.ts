import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { DevicesController } from './devices.controller.js';

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      databaseUrl: 'memory:',
      sessionsPerClient: 5,
      accessTokenExpiresIn: 15 * 60,
      refreshTokenExpiresIn: 30 * 24 * 3600,
    }),
  ],
  controllers: [DevicesController],
})
export class AppModule {}
