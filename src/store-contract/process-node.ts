import { SystemClock } from '../clock.js';
import type { SessionKey } from '../sessions/session-record.js';
import type { IssuedTokens, IssueOptions } from '../tokens/issued-tokens.js';
import type { ModelNode } from './model-node.js';
import { StoreProcess, type StoreProcessOptions } from './store-process.js';

/** A node in a process of its own, which dies by SIGKILL. */
export class ProcessNode implements ModelNode {
  readonly #system = new SystemClock();
  #skew = 0;

  private constructor(
    private readonly options: StoreProcessOptions,
    private process: StoreProcess,
  ) {}

  static async start(options: StoreProcessOptions): Promise<ProcessNode> {
    return new ProcessNode(options, await StoreProcess.start(options));
  }

  clock(): number {
    return this.#system.now() / 1000 + this.#skew;
  }

  backendClock(): number {
    return performance.now() / 1000;
  }

  async skew(seconds: number): Promise<void> {
    this.#skew = seconds;
    await this.process.skew(seconds);
  }

  issue(options: IssueOptions): Promise<IssuedTokens> {
    return this.process.tokens('issue', [options]);
  }

  refresh(refreshToken: string): Promise<IssuedTokens> {
    return this.process.tokens('refresh', [refreshToken]);
  }

  verifies(accessToken: string): Promise<boolean> {
    return this.process.tokens('verify', [accessToken]).then(
      () => true,
      (error: Error) => {
        if (error.name === 'UnauthorizedError') return false;
        throw error;
      },
    );
  }

  revoke(session: SessionKey): Promise<boolean> {
    return this.process.tokens('revoke', [session]);
  }

  revokeClient(clientId: string): Promise<number> {
    return this.process.tokens('revokeClient', [clientId]);
  }

  async crash(): Promise<void> {
    await this.process.kill();
    this.process = await StoreProcess.start(this.options);
    await this.process.skew(this.#skew);
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
