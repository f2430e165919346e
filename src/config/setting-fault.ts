import type * as z from 'zod';
import type { ChosenValue } from './config-source.js';
import { SECRET_SETTINGS } from './secret-settings.js';
import { isObject } from './setting-entries.js';
import { SETTINGS, type SettingName } from './settings.js';
import { spellerOf, writtenName, writtenPath } from './written-names.js';

/** One sentence about a value that its setting refuses: where it stands, what was found, what is expected. */
export function describeFault(setting: SettingName, given: ChosenValue, issue: z.core.$ZodIssue): string {
  const { spelling, value } = given;
  const spell = spellerOf(given);
  const path = writtenPath(value, issue.path, spell);
  const found = path.reduce<unknown>((inner, part) => (inner as Record<PropertyKey, unknown>)[part], value);
  const place = [JSON.stringify(spelling), ...path.map((part) => `[${JSON.stringify(part)}]`)].join('');
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => JSON.stringify(writtenName(found, key, spell)));
    return `${place} has ${names.join(', ')}, which is not a name there; see docs/configuration.md`;
  }
  const withNames = (text: string): string =>
    text.replaceAll(/(?<=")[a-z]+(?:-[a-z]+)+(?=")/g, (name) => spell(name));
  // Messages of our own end the sentence; those of the library begin one.
  if (/^[a-z]/.test(issue.message)) {
    // What entries say tells names and no value; other messages may quote what was found.
    const isOfEntry = isObject((value as Record<PropertyKey, unknown>)[path[0] ?? '']);
    return `${place} ${isOfEntry ? withNames(issue.message) : issue.message}`;
  }
  const { expected } = SETTINGS[setting].meta() as { expected: string };
  return `${place} is ${describe(found, SECRET_SETTINGS.has(setting))}; expected ${issue.path.length === 1 ? 'text in ' : ''}${withNames(expected)}`;
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
