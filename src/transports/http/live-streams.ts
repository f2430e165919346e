import type { ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import {
  type ExecutionContext,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type Type,
} from '@nestjs/common';
import { HandlerNames, methodNamesOf } from '../../access/handler-names.js';
import { endsWithToken } from '../../access/ends-with-token.js';
import type { Gate } from '../../access/gate.js';
import type { RawRequest } from '../../access/request-access.js';
import { Clock } from '../../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import { SSE_METADATA } from '../../nest.js';
import { RouteTable } from '../../routes/route-table.js';
import { AccessTokens } from '../../tokens/access-tokens.js';
import { heldToken, untilEnforced } from '../live/held-token.js';
import { LiveSockets } from '../live/live-sockets.js';
import type { SocketKind } from '../live/socket-kind.js';

/** Cut, not ended: what was only half sent must not look whole. */
const STREAMS: SocketKind<ServerResponse> = {
  isOpen: (response) => !response.destroyed && !response.writableEnded,
  end: cut,
  cut,
};

/** An answer of HTTP/2 is cut by its stream, which needs an error: destroyed without one, it ends. */
function cut(response: ServerResponse & { readonly stream?: ServerHttp2Stream }): void {
  if (response.stream) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/**
 * The answers that last as long as the token that they were asked for with: Server-Sent Events, and those of handlers
 * marked `@EndsWithToken()`. All others are not looked at.
 */
@Injectable()
export class LiveStreams extends LiveSockets implements OnApplicationBootstrap {
  /** Whether there is any handler whose answers last. */
  isNeeded = false;
  /** By class and function, as some applications make functions for each request. */
  private readonly known = new WeakMap<object, WeakMap<object, boolean>>();

  constructor(
    tokens: AccessTokens,
    clock: Clock,
    // In its parent's place, whose tokens of injection a subclass inherits.
    @Inject(FASTAUTH_CONFIG) config: FastauthConfig,
    private readonly routes: RouteTable,
    private readonly names: HandlerNames,
  ) {
    // An answer cannot present another token.
    super(tokens, clock, { ...config, websocketFollows: 'token', websocketReauthenticationGrace: 0 });
  }

  onApplicationBootstrap(): void {
    this.isNeeded = this.routes.routes.some(({ controller, handlerName, handler }) =>
      isStream(controller, handlerName, handler),
    );
    if (this.isNeeded) this.start();
  }

  /** Whether the answer of this call lasts. */
  isStream(context: ExecutionContext): boolean {
    const [controller, handler] = [context.getClass<unknown>(), context.getHandler()];
    let ofClass = this.known.get(controller);
    if (!ofClass) this.known.set(controller, (ofClass = new WeakMap()));
    let known = ofClass.get(handler);
    if (known === undefined) {
      // One that is none of its class's methods may be any of them.
      const names = this.names.find(context) ?? methodNamesOf(controller);
      ofClass.set(handler, (known = names.some((name) => isStream(controller, name, handler))));
    }
    return known;
  }

  /** From now on the answer lasts as long as what the request has proved. */
  follow(request: RawRequest, response: ServerResponse, gate: Gate): void {
    const proved = heldToken(gate.proofs.read(request), gate.callOf(request));
    const held = untilEnforced(proved, gate.observedUntil(request));
    if (!held) return;
    // It was verified before this was heard of, so it is looked at again in any case.
    if (this.hold(STREAMS, response, held, -1)) response.once('close', () => this.release(response));
  }
}

function isStream(controller: Type<unknown>, name: string | symbol, handler: object): boolean {
  return Reflect.getMetadata(SSE_METADATA, handler) === true || endsWithToken(controller, name, handler);
}
