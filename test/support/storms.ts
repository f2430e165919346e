import { setTimeout as sleep } from 'node:timers/promises';
import { JsonChild } from './child-process.js';
import { compile, type CompiledFiles } from './compile.js';

/** What a server of a storm says of itself: bytes after a collection, connections, held sockets. */
export interface StormState {
  readonly used: number;
  readonly rss: number;
  readonly connections: number;
  readonly live: number;
}

/** A server with sockets and clients for it, each a process of its own. */
export interface Storm {
  readonly url: string;
  ask<T>(command: string, argument?: unknown): Promise<T>;
  /** Has the clients do something; resolves when they have. */
  swarm(command: object): Promise<unknown>;
  state(): Promise<StormState>;
  /** The state once no more than so many connections are left, or after ten seconds. */
  settled(left?: number): Promise<StormState>;
}

/** Starts servers and their clients, and ends them. */
export class Storms {
  private readonly children: JsonChild[] = [];

  private constructor(
    private readonly server: CompiledFiles,
    private readonly clients: CompiledFiles,
  ) {}

  static async compile(): Promise<Storms> {
    return new Storms(
      await compile('test/support/socket-server.ts'),
      await compile('test/support/socket-swarm.ts'),
    );
  }

  /** @param settings further keys of the configuration */
  async start(library: 'ws' | 'socket.io' = 'ws', settings: object = {}): Promise<Storm> {
    const args = ['--expose-gc', this.server.entry, 'memory:', 'fastauth', library, JSON.stringify(settings)];
    const server = new JsonChild(process.execPath, args);
    const clients = new JsonChild(process.execPath, [this.clients.entry]);
    this.children.push(server, clients);
    const { url } = (await server.next<{ url: string }>()) ?? { url: '' };
    const ask = async <T>(command: string, argument: unknown = null): Promise<T> => {
      server.tell([command, argument]);
      return (await server.next<T>()) as T;
    };
    const state = (): Promise<StormState> => ask<StormState>('state');
    return {
      url,
      ask,
      state,
      swarm: async (command) => {
        clients.tell(command);
        return clients.next();
      },
      settled: async (left = 0) => {
        for (let waited = 0; waited < 100; waited++) {
          const now = await state();
          if (now.connections <= left) return now;
          await sleep(100);
        }
        return state();
      },
    };
  }

  async end(): Promise<void> {
    await Promise.all(this.children.map((child) => child.kill()));
    this.server.remove();
    this.clients.remove();
  }
}
