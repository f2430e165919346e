import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { AppController } from './app.controller.js';
import { AccessEchoGateway, MasterEchoGateway } from './echo.gateways.js';
import { CONFIG_FILE, DATABASE_URL, ENV_FILE } from './settings.js';

@Module({
  imports: [
    FastauthModule.forRoot({ configFile: CONFIG_FILE, envFile: ENV_FILE, databaseUrl: DATABASE_URL }),
  ],
  controllers: [AppController],
  providers: [AccessEchoGateway, MasterEchoGateway],
})
export class AppModule {}
