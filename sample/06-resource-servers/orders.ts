import { Controller, Get, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessOnly, CurrentPrincipal, type Principal } from 'nestjs-fastauth';

@Controller()
export class OrdersController {
  @AccessOnly()
  @Get('orders')
  orders(@CurrentPrincipal() principal: Principal) {
    return { orders: [], client: principal.clientId };
  }
}

export async function serve(module: Type, port: number): Promise<void> {
  const app = await NestFactory.create(module);
  app.enableShutdownHooks();
  await app.listen(port);
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  console.log(`\nListening on ${url}. Try:\n
curl -si '${url}/orders'\n`);
}
