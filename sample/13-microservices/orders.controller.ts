import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { CurrentPrincipal, type Principal, Scopes } from 'nestjs-fastauth';

/** Behind TCP: whoever calls it brings a token in the payload, under the key `token`. No handler sees that. */
@Controller()
export class OrdersController {
  @MessagePattern('orders.find')
  @Scopes('orders:read')
  find(@Payload() payload: { id: string }, @CurrentPrincipal() { clientId }: Principal) {
    return { order: payload.id, for: clientId, seen: Object.keys(payload) };
  }

  @EventPattern('orders.changed')
  @Scopes('orders:write')
  changed(@Payload() { id }: { id: string }, @CurrentPrincipal() principal: unknown): void {
    console.log(`Order ${id} was changed by ${(principal as Principal).clientId}.`);
  }
}
