import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration as commands take it, such as `90d`, `12h`, `30m` or `45s`, in seconds. @throws InvalidArgumentError */
export function durationOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text.trim()) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds < 1) throw new InvalidArgumentError('It is a duration such as 90d, 12h, 30m or 45s.');
  return seconds;
}
