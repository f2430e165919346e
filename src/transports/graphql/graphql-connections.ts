import { Inject, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../../access/access-policy.js';
import { denialOfFault, DENIALS, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import type { Call } from '../../access/call.js';
import { PublicPaths } from '../../access/paths/public-paths.js';
import type { RawRequest } from '../../access/request-access.js';
import {
  ACCESS_TOKEN,
  BOTH,
  type CredentialSet,
  MASTER,
  MASTER_TOKEN,
  NONE,
  OPTIONAL,
  type Requirement,
} from '../../access/requirement.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import { SafeLogger } from '../../events/safe-logger.js';
import { INTERNAL_ERROR } from '../../wire/close-code.js';
import { heldToken, type HeldToken, untilEnforced } from '../live/held-token.js';
import { LiveSockets } from '../live/live-sockets.js';
import { callOfConnection } from './connection-call.js';
import { closeCodeOf, GRAPHQL_SOCKETS, type GraphqlSocket } from './graphql-socket.js';

interface AdmittedConnection {
  readonly socket: GraphqlSocket;
  /** Undefined where it proved nothing that ends. */
  readonly held: HeldToken | undefined;
}

/**
 * The sockets that subscriptions come over. Each is let in once, by what its first message brings, and is closed when
 * its token ends.
 */
@Injectable()
export class GraphqlConnections {
  private readonly logger = new SafeLogger();
  private readonly asked = new WeakSet<RawRequest>();
  private readonly admitted = new WeakMap<RawRequest, AdmittedConnection>();

  constructor(
    private readonly policy: AccessPolicy,
    private readonly gate: Gate,
    private readonly live: LiveSockets,
    private readonly publicPaths: PublicPaths,
    @Inject(FASTAUTH_CONFIG) private readonly config: Pick<FastauthConfig, 'websocketOrigins'>,
  ) {}

  /** Begins to follow the store's changes: when there is something that connections may come in by. */
  start(): void {
    this.live.start();
  }

  /**
   * Lets a connection in, or closes it. Where credentials are sent, one must be good, whatever is asked for later.
   * @param request its upgrade
   * @param params of its first message
   * @returns whether it may go on; never rejects
   */
  async admit(socket: GraphqlSocket, request: RawRequest, params: unknown): Promise<boolean> {
    // The credentials of a connection are its first message's: another user's would have its subscriptions go on.
    if (this.asked.has(request)) return false;
    this.asked.add(request);
    try {
      const { changesHeard } = this.live;
      const denial = await this.verify(socket, request, params, changesHeard);
      if (denial) socket.close(closeCodeOf(denial), denial.code);
      return denial === undefined;
    } catch (error) {
      this.logger.failure('The verification of a GraphQL connection', error);
      socket.close(INTERNAL_ERROR, 'internal_error');
      return false;
    }
  }

  /** Whether a connection was let in by its upgrade request, so that it is known by whose token it lives. */
  isAdmitted(request: RawRequest): boolean {
    return this.admitted.has(request);
  }

  /** What speaks against it that an operation of an admitted connection needs this much; a refusal is reported. */
  recheck(request: RawRequest, declared: Requirement): Denial | undefined {
    const requirement = declared.and(this.requirementOf(request));
    const connection = this.admitted.get(request);
    if (requirement.isOpen) return undefined;
    const denial = connection
      ? this.gate.recheck(request, requirement, (credentials) =>
          this.endingOf(connection.socket, credentials),
        )
      : DENIALS.unknownContext;
    if (!denial) return undefined;
    const call = callOfConnection(request, undefined);
    const isPassed =
      connection !== undefined &&
      this.gate.observes(denial, call, requirement, 'part') &&
      this.endsWhenEnforced(connection);
    return isPassed ? undefined : this.gate.refuse(denial, call, requirement);
  }

  /** What subscribes to something that it may only while that is observed. @returns whether it is there at all */
  private endsWhenEnforced({ socket, held }: AdmittedConnection): boolean {
    const until = untilEnforced(held, this.gate.enforcedFrom);
    return until === undefined || this.live.hold(GRAPHQL_SOCKETS, socket, until, this.live.changesHeard);
  }

  private async verify(
    socket: GraphqlSocket,
    request: RawRequest,
    params: unknown,
    changesHeard: number,
  ): Promise<Denial | undefined> {
    const call = callOfConnection(request, params);
    const requirement = this.requirementOf(request);
    const { origin } = request.headers;
    const { websocketOrigins } = this.config;
    if (origin !== undefined && websocketOrigins.length > 0 && !websocketOrigins.includes(origin)) {
      return this.gate.refuse(DENIALS.foreignOrigin, call, requirement);
    }
    const denial = (await this.gate.admit(call, requirement)) ?? (await this.proveSent(call));
    if (denial) return denial;
    const proof = this.gate.proofs.read(request);
    const held = untilEnforced(heldToken(proof, call), this.gate.observedUntil(request));
    // What was proved by a token that was sent elsewhere, such as among the subprotocols, could not be followed.
    if (!held && proof && proof.proved & ACCESS_TOKEN) {
      return this.gate.refuse(DENIALS.ambiguous, call, requirement);
    }
    socket.once('close', () => this.live.release(socket));
    if (held && !this.live.hold(GRAPHQL_SOCKETS, socket, held, changesHeard)) return DENIALS.overloaded;
    this.admitted.set(request, { socket, held });
    return undefined;
  }

  /** Verifies all that was sent. One that is bad counts as none where another is good, as it does over HTTP. */
  private async proveSent(call: Call): Promise<Denial | undefined> {
    await this.gate.proveAhead(call, BOTH);
    const { proofs } = this.gate;
    const { access, master } = proofs.readRefused(call.carrier);
    const denial = access ?? master;
    if (denial === undefined || proofs.read(call.carrier)) return undefined;
    const requirement = access ? OPTIONAL : MASTER;
    return this.gate.observes(denial, call, requirement, 'whole')
      ? undefined
      : this.gate.refuse(denial, call, requirement);
  }

  /** As the edge asks requests for the endpoint: introspection, and fields without a resolver, have no handler that is asked. */
  private requirementOf({ url = '/' }: RawRequest): Requirement {
    const byPath = this.policy.hasPathRules ? this.policy.requirementOfTarget(url, 'GET') : NONE;
    return this.publicPaths.opens(url) ? byPath : byPath.and(this.policy.defaultRequirement);
  }

  /** Which of the credentials that were proved is good no more. */
  private endingOf(socket: GraphqlSocket, credentials: CredentialSet): Denial | undefined {
    if (credentials & MASTER_TOKEN && this.live.hasExpired(socket)) return DENIALS.badMasterToken;
    const fault = credentials & ACCESS_TOKEN ? this.live.faultOf(socket) : undefined;
    return fault && denialOfFault(fault);
  }
}
