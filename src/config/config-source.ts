import { camelCase, kebabCase, spellerLike } from './name-case.js';
import { nearestSetting, settingOf } from './setting-spelling.js';
import type { SettingName } from './settings.js';

/** A value as one source gives it, and how that source spells its key. */
export interface GivenValue {
  readonly value: unknown;
  readonly spelling: string;
}

/** What one source of the configuration says; `name` is how messages call it. */
export interface ConfigSource {
  readonly name: string;
  readonly values: ReadonlyMap<SettingName, GivenValue>;
  readonly faults: readonly string[];
  /** Sentences for the log. */
  readonly warnings?: readonly string[];
}

/** A value, and which source it came from. */
export type ChosenValue = GivenValue & { readonly source: ConfigSource };

/** Where a value came from, for people: how the source spells it, and the source. */
export function placeOf({ source, spelling }: ChosenValue): string {
  return `${JSON.stringify(spelling)} (${source.name})`;
}

/** The source whose names are written as TypeScript has them. */
export const OPTIONS = 'forRoot options';

const REGISTRATION_KEYS = new Set([
  'store',
  'tokenController',
  'auditSink',
  'keyProvider',
  'issuanceDefaults',
  'foreignTokens',
  'httpGuard',
  'contextGuards',
  'globalGuard',
  'imports',
  'isGlobal',
]);

/** Reads an object whose keys may be spelt in any of the three ways. Empty text counts as not given. */
export function sourceOf(name: string, object: Readonly<Record<string, unknown>>): ConfigSource {
  const values = new Map<SettingName, GivenValue>();
  const faults: string[] = [];
  for (const [spelling, value] of Object.entries(object)) {
    if (spelling === '$schema') continue;
    const setting = settingOf(spelling);
    if (setting === undefined) {
      faults.push(`${name}: ${JSON.stringify(spelling)} ${unknownKey(name, spelling)}`);
      continue;
    }
    if (value === '' || value === undefined) continue;
    const given = values.get(setting);
    if (given && JSON.stringify(given.value) !== JSON.stringify(value)) {
      faults.push(
        `${name}: ${JSON.stringify(given.spelling)} and ${JSON.stringify(spelling)} are the same key and have different values; leave one out`,
      );
    }
    values.set(setting, { value, spelling });
  }
  return { name, values, faults };
}

/** A source that says nothing but what is wrong with it. */
export function faultySource(name: string, fault: string): ConfigSource {
  return { name, values: new Map(), faults: [`${name}: ${fault}`] };
}

function unknownKey(source: string, spelling: string): string {
  if (REGISTRATION_KEYS.has(spelling)) {
    return 'shapes the module and is given beside useFactory in forRootAsync, or in forRoot, not in the configuration';
  }
  const nearest = nearestSetting(spelling);
  const spell = spellerLike([spelling], source === OPTIONS ? camelCase : (name) => name);
  return nearest === undefined
    ? 'is not a key of the configuration; docs/configuration.md lists them all'
    : `is not a key of the configuration; did you mean "${spell(kebabCase(nearest))}"?`;
}
