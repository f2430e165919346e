import { Controller, Get, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessOnly, CurrentPrincipal, type Principal } from 'nestjs-fastauth';

/** The authorization server, exactly as its tokens name it. */
export const ISSUER = process.env['ISSUER'] ?? 'http://localhost:3000';
/** What tokens name this service by. */
export const AUDIENCE = 'https://orders.example.com';

@Controller()
export class OrdersController {
  @AccessOnly()
  @Get('orders')
  orders(@CurrentPrincipal() principal: Principal) {
    return { orders: [], client: principal.clientId };
  }
}

export async function serve(module: Type): Promise<void> {
  const app = await NestFactory.create(module);
  app.enableShutdownHooks();
  await app.listen(Number(process.env['PORT'] || 3001));
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  console.log(`\nListening on ${url}. Try:\n
curl -s '${url}/orders' -H "Authorization: Bearer <access token>"\n`);
}
