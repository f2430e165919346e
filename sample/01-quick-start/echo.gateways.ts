import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { AccessOnly, MasterOnly } from 'nestjs-fastauth';
import type { RawData, WebSocket } from 'ws';

/** Both speak plain text, as the original's example does, so they listen to the socket itself. */
abstract class EchoGateway implements OnGatewayConnection {
  handleConnection(socket: WebSocket): void {
    socket.send(JSON.stringify({ status: 'success', detail: 'Connected: Connection Accepted' }));
    socket.on('message', (data: RawData) => socket.send(`Received query: ${String(data)}`));
  }
}

@AccessOnly()
@WebSocketGateway({ path: '/ws/access' })
export class AccessEchoGateway extends EchoGateway {}

@MasterOnly()
@WebSocketGateway({ path: '/ws/master' })
export class MasterEchoGateway extends EchoGateway {}
