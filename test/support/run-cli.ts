import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const MAIN = resolve('dist/cli/main.js');

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `fastauth` command as a process of its own, without a terminal. */
export function runCli(
  args: readonly string[],
  {
    cwd,
    input = '',
    env = {},
    umask = '022',
  }: { cwd: string; input?: string; env?: NodeJS.ProcessEnv; umask?: string },
): Promise<CliRun> {
  return new Promise((done, fail) => {
    const started = ['-c', 'umask "$0"; exec "$@"', umask, process.execPath, MAIN, ...args];
    const child = spawn('/bin/sh', started, {
      cwd,
      env: { PATH: process.env['PATH'], ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    child.on('error', fail);
    child.on('close', (code) => done({ code, stdout, stderr }));
    child.stdin.end(input);
  });
}
