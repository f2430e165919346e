import type { z } from 'zod';
import type { GivenValue } from './config-source.js';
import { SECRET_SETTINGS } from './secret-settings.js';
import { SETTINGS, type SettingName } from './settings.js';

/** One sentence about a value that its setting refuses: where it stands, what was found, what is expected. */
export function describeFault(
  setting: SettingName,
  { spelling, value }: GivenValue,
  issue: z.core.$ZodIssue,
): string {
  const place = [JSON.stringify(spelling), ...issue.path.map((part) => `[${JSON.stringify(part)}]`)].join('');
  if (issue.code === 'unrecognized_keys') {
    return `${place} has ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}, which is not a name there; see docs/configuration.md`;
  }
  // Messages of our own end the sentence; those of the library begin one.
  if (/^[a-z]/.test(issue.message)) return `${place} ${issue.message}`;
  const found = issue.path.reduce<unknown>(
    (inner, part) => (inner as Record<PropertyKey, unknown>)[part],
    value,
  );
  const { expected } = SETTINGS[setting].meta() as { expected: string };
  return `${place} is ${describe(found, SECRET_SETTINGS.has(setting))}; expected ${issue.path.length === 1 ? 'text in ' : ''}${expected}`;
}

/** What is wrong, of a value that may be text or an object: within the object if it is one. */
export function issuesOf(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const within = issue.errors.find((option) => !option.some(isOfWhole));
    return within?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
  });
}

function isOfWhole({ code, path }: z.core.$ZodIssue): boolean {
  return code !== 'unrecognized_keys' && path.length === 0;
}

function describe(value: unknown, isSecret: boolean): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (isSecret)
    return typeof value === 'string' ? `a text of ${value.length} characters` : `a ${typeof value}`;
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
}
