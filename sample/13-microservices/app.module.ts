import { Module } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { FastauthModule } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { OrdersController } from './orders.controller.js';
import { ShopController } from './shop.controller.js';

/** Where the microservice listens. */
export const TCP = { host: '127.0.0.1', port: Number(process.env['TCP_PORT'] || 3001) };

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: envFileOf('13-microservices'),
      databaseUrl: 'memory:',
      // TCP has no headers.
      messageTokenKey: 'token',
    }),
    ClientsModule.register([{ name: 'ORDERS', transport: Transport.TCP, options: TCP }]),
  ],
  controllers: [ShopController, OrdersController],
})
export class AppModule {}
