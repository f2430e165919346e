import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AsyncCommand } from 'fast-check';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { ModelNode } from './model-node.js';
import type { PassingTime } from './passing-time.js';
import {
  ModelSession,
  type ModelConfig,
  type Moment,
  type Outcome,
  type TimeSpan,
} from './session.oracle.js';

/** Makes a backend answer nothing, and answers how it goes on. */
export type Stall = () => Promise<() => Promise<void> | void>;

/** What a run has done so far. */
export class SessionModel {
  sessions: ModelSession[] = [];
  /** Seconds by which all clocks were moved, and each of them on top of that. */
  offset = 0;
  readonly skews: number[];
  /** How often what happened, so that a suite can tell what it has seen. */
  readonly seen: Partial<Record<Outcome | 'issued' | 'crashed' | 'raced' | 'revoked' | 'stalled', number>> =
    {};

  constructor(
    readonly config: ModelConfig,
    nodes: number,
    /** How soon every server knows what another one wrote, in milliseconds. */
    readonly seenWithin: number,
    readonly time: PassingTime,
    /** Makes the backend stall, where that can be done. */
    readonly stall?: Stall,
  ) {
    this.skews = Array.from({ length: nodes }, () => 0);
  }

  forget(which: (session: ModelSession) => boolean): void {
    this.sessions = this.sessions.filter((session) => !which(session));
  }

  count(what: keyof SessionModel['seen']): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }
}

export type Nodes = readonly ModelNode[];
export type ModelCommand = AsyncCommand<SessionModel, Nodes>;

/** A command as a function; `session` and `node` wrap around what there is. */
export function command(
  text: string,
  run: (model: SessionModel, nodes: Nodes) => Promise<void>,
  check: (model: SessionModel) => boolean = () => true,
): ModelCommand {
  return {
    check,
    run: async (model, nodes) => {
      await run(model, nodes);
      await holdsOnEveryNode(model, nodes);
    },
    toString: () => text,
  };
}

export const hasSessions = (model: SessionModel): boolean => model.sessions.length > 0;

export function issue(client: number, node: number): ModelCommand {
  return command(`issue(client ${client}, node ${node})`, async (model, nodes) => {
    const clientId = `client-${client}`;
    const [tokens, moment] = await timed(at(nodes, node), (on) => on.issue({ clientId }));
    // One session a client: the newest wins. What had expired may stay until it is swept, and counts no more.
    model.forget((session) => session.clientId === clientId && session.mayHaveExpired(moment));
    for (const session of model.sessions) if (session.clientId === clientId) session.isLive = false;
    model.sessions.push(new ModelSession(clientId, tokens, model.config));
    model.count('issued');
  });
}

/** @param back how many generations before the current one the presented token is */
export function refresh(session: number, back: number, node: number): ModelCommand {
  return command(
    `refresh(session ${session}, ${back} before the current, node ${node})`,
    async (model, nodes) => {
      const subject = pick(model, session);
      const generation = Math.max(0, subject.generation - back);
      const pair = subject.pairs[generation] as IssuedTokens;
      const [answer, moment] = await timed(at(nodes, node), (on) => attempt(on.refresh(pair.refreshToken)));
      await settle(model, subject, { generation, answers: [answer], moment }, nodes);
    },
    hasSessions,
  );
}

/** Several servers get the same token at once: two tabs, or a client that repeats itself. */
export function race(session: number, back: number, times: number): ModelCommand {
  return command(
    `race(session ${session}, ${back} before the current, ${times} times)`,
    async (model, nodes) => {
      const subject = pick(model, session);
      const generation = Math.max(0, subject.generation - back);
      const pair = subject.pairs[generation] as IssuedTokens;
      const outcomes = await Promise.all(
        Array.from({ length: times }, (_, n) =>
          timed(at(nodes, n), (on) => attempt(on.refresh(pair.refreshToken))),
        ),
      );
      const moment = union(outcomes.map(([, taken]) => taken));
      const answers = outcomes.map(([answer]) => answer);
      if (model.config.refreshGrace > 0 || generation < subject.generation) {
        await settle(model, subject, { generation, answers, moment }, nodes);
      } else await settleStrictRace(model, subject, answers, moment);
      model.count('raced');
    },
    hasSessions,
  );
}

/** A server dies with a refresh under way; the client, which heard nothing, repeats it elsewhere within the window. */
export function crash(session: number, node: number): ModelCommand {
  return command(
    `crash(session ${session}, node ${node})`,
    async (model, nodes) => {
      const subject = pick(model, session);
      const { generation, current } = subject;
      const dying = at(nodes, node);
      const [, moment] = await timed(dying, async (on) => {
        const lost = on.refresh(current.refreshToken).catch(() => undefined);
        await on.crash();
        await lost;
      });
      const [answer, again] = await timed(at(nodes, node + 1), (on) =>
        attempt(on.refresh(current.refreshToken)),
      );
      await settle(model, subject, { generation, answers: [answer], moment: union([moment, again]) }, nodes);
      model.count('crashed');
    },
    // In strict mode a lost answer is lost: nobody is told a pair twice.
    (model) => hasSessions(model) && model.config.refreshGrace > 0,
  );
}

export function revoke(session: number, node: number): ModelCommand {
  return command(
    `revoke(session ${session}, node ${node})`,
    async (model, nodes) => {
      const subject = pick(model, session);
      const { clientId, familyId } = subject.current;
      await at(nodes, node).revoke({ clientId, familyId });
      subject.isLive = false;
      model.count('revoked');
    },
    hasSessions,
  );
}

export function revokeClient(client: number, node: number): ModelCommand {
  return command(`revokeClient(client ${client}, node ${node})`, async (model, nodes) => {
    const clientId = `client-${client}`;
    await at(nodes, node).revokeClient(clientId);
    for (const session of model.sessions) if (session.clientId === clientId) session.isLive = false;
    model.count('revoked');
  });
}

/** All clocks go on, or are set back. */
export function advance(seconds: number): ModelCommand {
  return command(`advance(${seconds} s)`, async (model, nodes) => {
    model.offset += seconds;
    await setClocks(model, nodes);
  });
}

/** One clock goes wrong by a little. */
export function skew(node: number, seconds: number): ModelCommand {
  return command(`skew(node ${node}, ${seconds} s)`, async (model, nodes) => {
    model.skews[node % nodes.length] = seconds;
    await setClocks(model, nodes);
  });
}

export async function setClocks(model: SessionModel, nodes: Nodes): Promise<void> {
  model.time.passed = model.offset;
  await Promise.all(nodes.map((node, n) => node.skew(model.offset + (model.skews[n] ?? 0))));
}

interface Attempt {
  readonly generation: number;
  readonly answers: readonly (IssuedTokens | undefined)[];
  readonly moment: Moment;
}

/** Compares what came of an attempt with what may come of it, and goes on from what did. */
export async function settle(
  model: SessionModel,
  subject: ModelSession,
  { generation, answers, moment }: Attempt,
  nodes: Nodes,
): Promise<void> {
  const allowed = subject.outcomes(generation, moment);
  const pairs = new Set(answers.map((answer) => answer && answer.accessToken + answer.refreshToken));
  if (allowed.size === 1) assert.equal(pairs.size, 1, `${pairs.size} different answers to one refresh token`);
  const answer = answers.find((one) => one !== undefined);
  const { current } = subject;
  const outcome = ((): Outcome => {
    if (answer === undefined) return allowed.has('ended') ? 'ended' : 'refused';
    return answer.refreshToken === current.refreshToken ? 'same' : 'rotated';
  })();
  assert.ok(allowed.has(outcome), `a refresh was ${outcome}; allowed: ${[...allowed].join(', ')}`);
  model.count(outcome);
  if (outcome === 'rotated') subject.rotated(answer as IssuedTokens, moment);
  // At the very edge of the window one server may have ended what another one still answered.
  if (allowed.has('ended')) {
    if (allowed.size > 1) await sleep(model.seenWithin);
    subject.isLive = allowed.size > 1 && (await at(nodes, 0).verifies(subject.current.accessToken));
  }
}

/** With a grace of 0 one gets a pair, and the others are refused without harm. */
async function settleStrictRace(
  model: SessionModel,
  subject: ModelSession,
  answers: Attempt['answers'],
  moment: Moment,
): Promise<void> {
  const allowed = subject.outcomes(subject.generation, moment);
  const won = answers.filter((answer) => answer !== undefined);
  if (allowed.has('rotated'))
    assert.ok(won.length === 1 || allowed.size > 1, `${won.length} pairs in strict mode`);
  else assert.equal(won.length, 0);
  if (won[0]) subject.rotated(won[0], moment);
  model.count(won[0] ? 'rotated' : 'refused');
}

/** Each session's latest access tokens are good or not as they must be: at most one lives, whoever is asked. */
async function holdsOnEveryNode(model: SessionModel, nodes: Nodes): Promise<void> {
  await Promise.all(
    model.sessions.slice(-6).flatMap((session) =>
      [0, 1, 2].map(async (back) => {
        const generation = session.generation - back;
        const pair = session.pairs[generation];
        if (!pair) return;
        const node = at(nodes, session.generation + back);
        const [isGoodNow, moment] = await timed(node, (on) => on.verifies(pair.accessToken));
        let isGood = isGoodNow;
        const mustBe = session.isGood(generation, moment);
        // A server that keeps a cache may be behind by as much as its store says, in one direction only.
        const patience = mustBe === false ? model.seenWithin : 0;
        for (let waited = 0; isGood && waited < patience; waited += 5) {
          await sleep(5);
          isGood = await node.verifies(pair.accessToken);
        }
        if (mustBe !== undefined) {
          assert.equal(
            isGood,
            mustBe,
            `the access token ${back} before the current one is ${isGood ? '' : 'not '}good`,
          );
        }
      }),
    ),
  );
}

export async function attempt(refreshing: Promise<IssuedTokens>): Promise<IssuedTokens | undefined> {
  try {
    return await refreshing;
  } catch (error) {
    const { name } = error as Error;
    if (name === 'InvalidGrantError') return undefined;
    throw error;
  }
}

export async function timed<T>(node: ModelNode, act: (node: ModelNode) => Promise<T>): Promise<[T, Moment]> {
  const from = node.clock();
  const begun = node.backendClock();
  const result = await act(node);
  return [result, { from, to: node.clock(), byBackend: { from: begun, to: node.backendClock() } }];
}

function union(moments: readonly Moment[]): Moment {
  return { ...span(moments), byBackend: span(moments.map(({ byBackend }) => byBackend)) };
}

function span(times: readonly TimeSpan[]): TimeSpan {
  return { from: Math.min(...times.map(({ from }) => from)), to: Math.max(...times.map(({ to }) => to)) };
}

export function at(nodes: Nodes, node: number): ModelNode {
  return nodes[node % nodes.length] as ModelNode;
}

export function pick(model: SessionModel, session: number): ModelSession {
  // Late ones are more interesting: 0 is the latest.
  return model.sessions[model.sessions.length - 1 - (session % model.sessions.length)] as ModelSession;
}
