import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { DevicesController } from './devices.controller.js';

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: envFileOf('07-devices'),
      databaseUrl: 'memory:',
      sessionsPerClient: 5,
      accessTokenExpiresIn: 15 * 60,
      refreshTokenExpiresIn: 30 * 24 * 3600,
    }),
  ],
  controllers: [DevicesController],
})
export class AppModule {}
