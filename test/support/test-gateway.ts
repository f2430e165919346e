import { MessageBody, type OnGatewayConnection, SubscribeMessage } from '@nestjs/websockets';
import { AccessOnly, CurrentPrincipal, MasterOnly, type Principal } from '../../src/index.js';

/** What gateways of the tests share: they greet, echo, and tell who asks. */
export class TestGateway implements OnGatewayConnection {
  /** Every socket that gateway code has seen. */
  readonly connected: object[] = [];

  handleConnection(client: { send?: (text: string) => void; handshake?: object }): void {
    this.connected.push(client);
    if (!client.handshake) client.send?.(JSON.stringify({ event: 'hello', data: 'you are in' }));
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return { event: 'echo', data };
  }

  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal | undefined) {
    return {
      event: 'whoami',
      data: principal
        ? { level: principal.level, client: principal.clientId, token: principal.tokenId }
        : null,
    };
  }

  @MasterOnly()
  @SubscribeMessage('reboot')
  reboot() {
    return { event: 'reboot', data: 'done' };
  }

  @AccessOnly()
  @SubscribeMessage('private')
  private() {
    return { event: 'private', data: 'for clients' };
  }
}
