import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { AccessOnly, CurrentPrincipal, MasterOnly, type Principal } from 'nestjs-fastauth';
import type { Namespace } from 'socket.io';

@AccessOnly()
@WebSocketGateway({ namespace: 'feed' })
export class FeedGateway {
  @WebSocketServer()
  private readonly namespace!: Namespace;

  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal) {
    return principal.clientId; // The acknowledgement.
  }

  @SubscribeMessage('say')
  say(@MessageBody() text: unknown, @CurrentPrincipal() principal: Principal) {
    this.namespace.emit('said', { by: principal.clientId, text: String(text) });
  }
}

/** Each namespace has its own level. */
@MasterOnly()
@WebSocketGateway({ namespace: 'admin' })
export class AdminGateway {
  @SubscribeMessage('status')
  status() {
    return 'fine';
  }
}
