import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names the processes among which a PID means one process: those of this machine since it was started or, on Linux,
 * of this PID namespace (a container). Eight hexadecimal digits; undefined where it cannot be told.
 */
export function pidSpace(): string | undefined {
  const text = process.platform === 'linux' ? namespace() : hostname();
  return text && createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function namespace(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8') + readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** Whether no process of this PID space has the PID. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
