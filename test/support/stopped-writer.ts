import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { until } from './kept-sessions.js';

/** A process that is stopped in the middle of a write to an LMDB folder, and so holds its lock. */
export class StoppedWriter {
  private constructor(private readonly child: ChildProcess & { readonly pid: number }) {}

  static async start(folder: string): Promise<StoppedWriter> {
    const child = spawn(process.execPath, [resolve('test/support/lock-holder.mjs'), folder]);
    const holder = new StoppedWriter(child as ChildProcess & { pid: number });
    const isStopped = (): boolean => /^State:\s*T/m.test(readFileSync(`/proc/${holder.pid}/status`, 'utf8'));
    await until(async () => isStopped(), 'It did not stop', 10_000);
    return holder;
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Lets it end its write, and give the lock back. */
  goOn(): void {
    this.child.kill('SIGCONT');
  }

  async ended(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
