import assert from 'node:assert/strict';
import type { Arbitrary } from 'fast-check';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { TokenStore } from '../sessions/token-store.js';
import { LocalNode, type ModelNode } from './model-node.js';
import { PassingTime } from './passing-time.js';
import { ProcessNode } from './process-node.js';
import {
  advance,
  crash,
  issue,
  race,
  refresh,
  revoke,
  revokeClient,
  SessionModel,
  skew,
  type Stall,
  type ModelCommand,
  type Nodes,
} from './session.model.js';
import { stall, type StalledCall } from './session.stalls.js';
import type { ModelConfig } from './session.oracle.js';
import { globalRunner, type ContractRunner } from './contract-runner.js';
import type { StoreProcessOptions } from './store-process.js';

/** What the suite needs to know of a store. */
export interface SessionModelOptions {
  /**
   * Called once a run, for new and empty data. Answers how to open a store on it, as often as there are servers; or
   * how processes of their own open one, for servers that really die.
   */
  readonly setUp: () => Promise<SharedStore>;
  /** Servers that share the store. Default: 3; for a store that is right within one process only, 1. */
  readonly nodes?: number;
  /**
   * How soon every server refuses what another one ended, in milliseconds, for stores that keep a cache.
   * Default: 0, which is with the next request.
   */
  readonly seenWithin?: number;
  /**
   * Makes the backend take calls and answer none, and answers a function that lets it go on: that resolves when the
   * backend has dealt with all that had waited. The stores' time limit should be short. Default: it is not tried. It is
   * tried with `open`, not with processes.
   */
  readonly stall?: Stall;
  /** Random runs. Default: 100. */
  readonly runs?: number;
  /** Commands a run has at most. Default: 30. */
  readonly commands?: number;
  /** `refresh-grace` in seconds. Default: 10. */
  readonly refreshGrace?: number;
  /** Seed of the runs. Default: another one each time; it is shown when a run fails. */
  readonly seed?: number;
  /** The test runner's functions. Default: the globals `describe` and `it`. */
  readonly runner?: ContractRunner;
}

/** One run's data, and how a server opens it. */
export type SharedStore = (
  | { readonly open: () => Promise<TokenStore> }
  | { readonly process: Pick<StoreProcessOptions, 'module' | 'argument' | 'execArgv'> }
) & {
  /** Removes the data after the run. */
  readonly tearDown?: () => Promise<void> | void;
};

const MINUTE = 60;
/** By how much a server's clock may be wrong, which is less than the tolerance between any two. */
const MOST_SKEW = 2;
const STALLED: readonly StalledCall[] = ['refresh', 'refresh', 'issue', 'revoke'];

/**
 * Defines a model-based test: random orders of issuing, refreshing, racing, losing answers, crashing, stalling, revoking, clocks
 * that differ, go on and are set back, over several servers on one store, never show two live successors, a valid
 * client logged out within the window, or a spent token accepted after it. Needs the package `fast-check`.
 *
 * @example
 * describeSessionModel('MyStore', { setUp: async () => { const data = new MyData(); return { open: async () => new MyStore(data) }; } });
 */
export function describeSessionModel(name: string, options: SessionModelOptions): void {
  const { describe, it } = options.runner ?? globalRunner();
  const { runs = 100, commands = 30, refreshGrace = 10 } = options;
  const what = `${runs} random runs, refresh-grace ${refreshGrace}`;
  describe(`${name} keeps sessions as the model does`, () => {
    it(what, async () => {
      const { default: fc } = await import('fast-check').catch((cause: unknown) => {
        throw new Error('The model-based test needs the package fast-check: npm i -D fast-check', { cause });
      });
      const seen: SessionModel['seen'] = {};
      const client = fc.nat({ max: 2 });
      const session = fc.nat({ max: 3 });
      const node = fc.nat({ max: 3 });
      // Without a window a race is told from theft by a second, which clocks that differ would swallow.
      const mostSkew = refreshGrace === 0 ? 0 : MOST_SKEW;
      const back = fc.constantFrom(0, 0, 0, 1, 1, 2);
      const arbitraries: Arbitrary<ModelCommand>[] = [
        fc.tuple(client, node).map((args) => issue(...args)),
        fc.tuple(session, back, node).map((args) => refresh(...args)),
        fc.tuple(session, fc.constantFrom(0, 1), node).map((args) => refresh(...args)),
        fc
          .tuple(session, fc.constantFrom(0, 0, 1), fc.integer({ min: 2, max: 6 }))
          .map((args) => race(...args)),
        fc.tuple(session, node).map((args) => crash(...args)),
        fc.oneof(
          { weight: 2, arbitrary: fc.tuple(session, node).map((args) => revoke(...args)) },
          { weight: 1, arbitrary: fc.tuple(client, node).map((args) => revokeClient(...args)) },
        ),
        fc.constantFrom(1, 4, 6, 9, 11, 30, 30, 20 * MINUTE, -60 * MINUTE).map((seconds) => advance(seconds)),
        ...(options.stall === undefined ? [] : STALLED).map((what) =>
          fc.tuple(session, node).map((args) => stall(what, ...args)),
        ),
        fc.tuple(node, fc.integer({ min: -mostSkew, max: mostSkew })).map((args) => skew(...args)),
      ];
      const run = fc.asyncProperty(
        fc.commands(arbitraries, { maxCommands: commands, size: 'max' }),
        async (sequence) => {
          const world = await startWorld(options, refreshGrace);
          try {
            await fc.asyncModelRun(
              () => ({ model: world.model, real: world.nodes }),
              // A session to begin with, so that no command of a short run goes by; and what dies for real, dies.
              [issue(0, 0), ...(world.areProcesses ? [crash(0, 0)] : []), ...sequence],
            );
          } finally {
            await world.end();
          }
          for (const [event, count] of Object.entries(world.model.seen)) {
            const key = event as keyof typeof seen;
            seen[key] = (seen[key] ?? 0) + count;
          }
        },
      );
      await fc.assert(run, {
        numRuns: runs,
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        // Runs with processes take long: the first failure is shown as it is.
        endOnFailure: commands > 30,
      });
      // A run that met nothing would prove nothing.
      if (runs >= 20)
        for (const event of ['rotated', 'same', 'refused', 'ended', 'raced'] as const) {
          if (event === 'same' && refreshGrace === 0) continue;
          assert.ok((seen[event] ?? 0) > 0, `no refresh was ever ${event}`);
        }
      if (options.stall) assert.ok((seen.stalled ?? 0) > 0, 'the backend never stalled');
    });
  });
}

interface World {
  readonly model: SessionModel;
  readonly nodes: Nodes;
  readonly areProcesses: boolean;
  end(): Promise<void>;
}

async function startWorld(options: SessionModelOptions, refreshGrace: number): Promise<World> {
  const { nodes: count = 3 } = options;
  const config: ModelConfig & Pick<FastauthConfig, 'sessionsPerClient'> = {
    refreshGrace,
    clockTolerance: 5,
    familyMaxAge: 6 * 60 * MINUTE,
    accessTokenExpiresIn: 30 * MINUTE,
    refreshTokenExpiresIn: 2 * 60 * MINUTE,
    sessionsPerClient: 1,
  };
  const shared = await options.setUp();
  const time = new PassingTime();
  const nodes: ModelNode[] = [];
  for (let n = 0; n < count; n++) {
    nodes.push(
      'open' in shared
        ? await LocalNode.start(shared.open, config, time)
        : await ProcessNode.start({ ...shared.process, config }),
    );
  }
  return {
    model: new SessionModel(config, count, options.seenWithin ?? 0, time, options.stall),
    nodes,
    areProcesses: 'process' in shared,
    end: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await shared.tearDown?.();
    },
  };
}
