import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { ModelNode } from './model-node.js';
import {
  at,
  attempt,
  command,
  hasSessions,
  type ModelCommand,
  type Nodes,
  pick,
  setClocks,
  settle,
  type Stall,
  timed,
} from './session.model.js';

/** How often, and for how many times, a backend that goes on is asked until it answers. */
const ATTEMPT_EVERY_MS = 50;
const MOST_ATTEMPTS = 200;

/** What is under way when the backend stalls. */
export type StalledCall = 'refresh' | 'issue' | 'revoke';

/**
 * The backend stalls between a server's read and its write, for longer than the window is open. Its caller is told that
 * the call failed, so it must not take effect when the backend goes on; who repeats a refresh, at any server, gets a
 * pair, whether or not the first attempt was carried out after all.
 */
export function stall(what: StalledCall, session: number, node: number): ModelCommand {
  return command(
    `stall(${what}, session ${session}, node ${node})`,
    async (model, nodes) => {
      const subject = pick(model, session);
      const { generation, current } = subject;
      let goOn: Awaited<ReturnType<Stall>> | undefined;
      model.time.beforeWrite = async () => {
        goOn = await model.stall?.();
      };
      const calls: Readonly<Record<StalledCall, (on: ModelNode) => Promise<unknown>>> = {
        refresh: (on) => on.refresh(current.refreshToken),
        issue: (on) => on.issue({ clientId: current.clientId }),
        revoke: (on) => on.revoke(current),
      };
      const told = await calls[what](at(nodes, node)).then(
        () => undefined,
        (error: Error) => error.name,
      );
      model.time.beforeWrite = undefined;
      model.offset += model.config.refreshGrace + 2;
      await setClocks(model, nodes);
      await goOn?.();
      // It was refused before it came to a write, which says nothing of stalls.
      if (goOn === undefined) return;
      assert.equal(told, 'StoreUnavailableError', `a ${what} during a stall was not answered 503`);
      await untilAnswered(nodes, current);
      model.count('stalled');
      if (what !== 'refresh') return;
      const [answer, moment] = await timed(at(nodes, node + 1), (on) =>
        attempt(on.refresh(current.refreshToken)),
      );
      await settle(model, subject, { generation, answers: [answer], moment }, nodes);
    },
    (model) => hasSessions(model) && model.stall !== undefined && model.config.refreshGrace > 0,
  );
}

/** Each server leaves a backend alone for a moment that failed several times. */
async function untilAnswered(nodes: Nodes, { clientId }: IssuedTokens): Promise<void> {
  for (const node of nodes) {
    for (let attempts = 0; ; attempts++) {
      const error = await node.revoke({ clientId, familyId: 'no such family' }).then(
        () => undefined,
        (failed: Error) => failed,
      );
      if (error === undefined) break;
      if (error.name !== 'StoreUnavailableError' || attempts === MOST_ATTEMPTS) throw error;
      await sleep(ATTEMPT_EVERY_MS);
    }
  }
}
