import { editDistance } from './edit-distance.js';
import { kebabCase, lettersOf, snakeCase } from './name-case.js';
import { SETTING_NAMES, type SettingName } from './settings.js';

/** A second name of a key: the original's readers know both. */
const ALIASES: Readonly<Record<string, SettingName>> = { databaseApiPath: 'databaseApiUrl' };

const BY_SPELLING: ReadonlyMap<string, SettingName> = new Map(
  [...SETTING_NAMES.map((name) => [name, name] as const), ...Object.entries(ALIASES)].flatMap(
    ([written, name]) =>
      [written, kebabCase(written), snakeCase(written)].map((spelling) => [spelling, name] as const),
  ),
);

/** Every spelling that is read as a key, with the key. */
export function settingSpellings(): Iterable<readonly [string, SettingName]> {
  return BY_SPELLING;
}

/** The key that is spelt so, in kebab-case, snake_case or camelCase; undefined for a name that is none. */
export function settingOf(spelling: string): SettingName | undefined {
  return BY_SPELLING.get(spelling);
}

/** The known key that a misspelling most likely means, as options spell it. */
export function nearestSetting(misspelling: string): string | undefined {
  const written = lettersOf(misspelling);
  const distances = [...SETTING_NAMES, ...Object.keys(ALIASES)]
    .map((name) => ({ name, distance: editDistance(written, lettersOf(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(2, name.length / 3))
    .sort((a, b) => a.distance - b.distance);
  const [nearest] = distances;
  return nearest?.name;
}
