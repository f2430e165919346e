import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { DevicesController } from './devices.controller.js';

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: envFileOf('11-scopes'),
      databaseUrl: 'memory:',
      // Names that are not listed are refused at start and at issuance.
      scopes: {
        'devices:read': 'See the devices',
        'devices:write': 'Add and remove devices',
        'fleet:admin': 'Manage the fleet',
      },
    }),
  ],
  controllers: [DevicesController],
})
export class AppModule {}
