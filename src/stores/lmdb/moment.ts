import { readFileSync } from 'node:fs';

const SECONDS_BYTES = 8;
const BOOT_BYTES = 8;
export const MOMENT_BYTES = SECONDS_BYTES + BOOT_BYTES;

/** Tells one run of the machine from another: its monotonic clock begins anew with each. */
const BOOT = bootId();

/**
 * This moment by the machine's monotonic clock, which all of its processes share and nobody can set.
 * @returns undefined where one run of the machine cannot be told from another
 */
export function momentNow(): Buffer | undefined {
  if (BOOT === undefined) return undefined;
  const moment = Buffer.alloc(MOMENT_BYTES);
  moment.writeDoubleBE(monotonicSeconds());
  BOOT.copy(moment, SECONDS_BYTES);
  return moment;
}

/** @returns undefined for a moment of another run, or machine */
export function secondsSince(moment: Buffer): number | undefined {
  if (BOOT === undefined || !BOOT.equals(moment.subarray(SECONDS_BYTES))) return undefined;
  return monotonicSeconds() - moment.readDoubleBE();
}

function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

function bootId(): Buffer | undefined {
  try {
    const digits = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').replaceAll('-', '').trim();
    const id = Buffer.from(digits, 'hex').subarray(0, BOOT_BYTES);
    return id.length === BOOT_BYTES ? id : undefined;
  } catch {
    return undefined;
  }
}
