import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { AccessOnly, CurrentPrincipal, MasterOnly, type Principal } from 'nestjs-fastauth';
import type { WebSocketServer as Server } from 'ws';

/** Whoever has a good access token may listen and say; only an operator, who sends the master token too, may shout. */
@AccessOnly()
@WebSocketGateway({ path: '/ws/feed' })
export class FeedGateway {
  @WebSocketServer()
  private readonly server!: Server;

  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal) {
    return { event: 'whoami', data: principal.clientId };
  }

  @SubscribeMessage('say')
  say(@MessageBody() text: unknown, @CurrentPrincipal() principal: Principal) {
    this.broadcast('said', { by: principal.clientId, text: String(text) });
  }

  @MasterOnly()
  @SubscribeMessage('shout')
  shout(@MessageBody() text: unknown) {
    this.broadcast('shouted', String(text).toUpperCase());
  }

  private broadcast(event: string, data: unknown): void {
    for (const client of this.server.clients) client.send(JSON.stringify({ event, data }));
  }
}
