import { Injectable } from '@nestjs/common';
import type { Call } from '../../access/call.js';
import { denialBody } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import { NONE } from '../../access/requirement.js';
import type { FastauthErrorCode } from '../../errors.js';
import { SafeLogger } from '../../events/safe-logger.js';
import type { SocketKind } from '../live/socket-kind.js';
import { callOfMessage, readPeer } from './socket-peer.js';
import { heldToken, untilEnforced } from '../live/held-token.js';
import { LiveSockets } from '../live/live-sockets.js';

/** What a socket gets that presented a fresh token. */
export type ReauthenticationAnswer =
  | { readonly status: 'success'; /** Epoch seconds. */ readonly expires_at: number }
  | { readonly status: 'error'; readonly detail: string; readonly code: FastauthErrorCode };

/**
 * Lets a socket go on by a fresh access token of the same client, without connecting anew. The token has to meet what the
 * handshake asked. A socket that has no client yet may get one in this way. A refusal closes nothing: the socket lives
 * as long as its old token.
 */
@Injectable()
export class Reauthentication {
  private readonly logger = new SafeLogger();
  readonly #pending = new WeakSet<object>();

  constructor(
    private readonly gate: Gate,
    private readonly live: LiveSockets,
  ) {}

  /**
   * @param message what came with the event: `{ access_token }`
   * @returns undefined if the socket has gone meanwhile
   */
  async renew<S extends object>(
    kind: SocketKind<S>,
    socket: S,
    message: unknown,
  ): Promise<ReauthenticationAnswer | undefined> {
    const token = tokenOf(message);
    if (token === undefined) return refusal('access_token is missing or not text', 'invalid_request');
    if (this.#pending.has(socket)) return refusal('One token at a time', 'invalid_request');
    this.#pending.add(socket);
    try {
      return await this.verify(kind, socket, callOfMessage(socket, token));
    } catch (error) {
      this.logger.failure('The verification of a fresh token', error);
      return refusal('The token could not be verified. Try again later.', 'store_unavailable');
    } finally {
      this.#pending.delete(socket);
    }
  }

  private async verify<S extends object>(
    kind: SocketKind<S>,
    socket: S,
    call: Call,
  ): Promise<ReauthenticationAnswer | undefined> {
    const { changesHeard } = this.live;
    const requirement = readPeer(socket)?.requirement ?? NONE;
    const denial = await this.gate.renew(call, requirement);
    if (denial) return { status: 'error', ...denialBody(denial) };
    // What passes though it lacks something is only observed at present.
    const until = this.gate.isMet(socket, requirement) ? undefined : this.gate.enforcedFrom;
    const held = untilEnforced(heldToken(this.gate.proofs.read(socket), call), until);
    return held && this.live.hold(kind, socket, held, changesHeard)
      ? { status: 'success', expires_at: held.expiresAt }
      : undefined;
  }
}

function tokenOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, 'access_token'))
    return undefined;
  const token: unknown = Reflect.get(message, 'access_token');
  return typeof token === 'string' && token !== '' ? token : undefined;
}

function refusal(detail: string, code: FastauthErrorCode): ReauthenticationAnswer {
  return { status: 'error', detail, code };
}
