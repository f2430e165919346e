/** Milliseconds since the epoch, by the clock of this device, which may be wrong and may jump. */
export function now(): number {
  return Date.now();
}
