import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { Requirement } from '../../access/requirement.js';
import { DENIALS, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import { Handshake } from './handshake.js';
import { callOfUpgrade } from './handshake-call.js';
import { refuseUpgrade } from './upgrade-refusal.js';

/** How many may wait for a store or a key provider at once, each with its connection. */
const MOST_WAITING = 256;
const LONGEST_WAIT_MS = 10_000;

/** Decides about upgrades and tunnels that no gate of ours will ask: raw `upgrade` listeners, proxies, graphql-ws. */
@Injectable()
export class UpgradeEdge {
  private waiting = 0;

  constructor(
    private readonly gate: Gate,
    private readonly handshake: Handshake,
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
  ) {}

  /** @param pass hands the connection on; called at once, later, or never */
  admit(request: IncomingMessage, socket: Duplex, requirement: Requirement, pass: () => void): void {
    if (requirement.isOpen) return pass();
    const call = callOfUpgrade(request, this.handshake.sources);
    const refuse = (denial: Denial): void => refuseUpgrade(socket, denial, this.config, call.correlationId);
    if (this.waiting >= MOST_WAITING) return refuse(DENIALS.overloaded);
    if (!this.handshake.isWelcome(request.headers.origin)) {
      return refuse(this.gate.refuse(DENIALS.foreignOrigin, call, requirement));
    }
    const outcome = this.gate.admit(call, requirement);
    if (outcome instanceof Promise) return this.wait(socket, outcome, pass, refuse);
    if (outcome) refuse(outcome);
    else pass();
  }

  private wait(
    socket: Duplex,
    outcome: Promise<Denial | undefined>,
    pass: () => void,
    refuse: (denial: Denial) => void,
  ): void {
    let isOver = false;
    // Nobody else listens to the connection meanwhile.
    const ignore = (): void => undefined;
    const end = (conclude: () => void): void => {
      if (isOver) return;
      isOver = true;
      this.waiting--;
      clearTimeout(timer);
      socket.off('close', forget);
      if (!socket.destroyed) conclude();
      socket.off('error', ignore);
    };
    const forget = (): void => end(ignore);
    this.waiting++;
    socket.on('error', ignore);
    socket.once('close', forget);
    const timer = setTimeout(() => end(() => refuse(DENIALS.overloaded)), LONGEST_WAIT_MS);
    outcome
      .then((denial) => end(() => (denial ? refuse(denial) : pass())))
      .catch(() => end(() => socket.destroy()));
  }
}
