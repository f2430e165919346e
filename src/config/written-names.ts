import { type ChosenValue, OPTIONS, placeOf } from './config-source.js';
import { camelCase, kebabCase, type Speller, spellerLike } from './name-case.js';
import { isObject } from './setting-entries.js';
import { settingOf } from './setting-spelling.js';
import { SETTING_NAMES, type SettingName } from './settings.js';

/** Names that a sentence about settings may have, outside quotes: those of one word are spelt the same everywhere. */
const NAMES = new RegExp(
  `(?<![\\w"-])(?:${SETTING_NAMES.map(kebabCase)
    .filter((name) => name.includes('-'))
    .join('|')})(?![\\w-])`,
  'g',
);

/** Spells names as this value's key or a name within it is spelt; where all are one word, as its source has them. */
export function spellerOf(given: ChosenValue | undefined): Speller {
  const { spelling = '', value, source } = given ?? {};
  const names = Array.isArray(value) ? value.filter(isObject).flatMap(Object.keys) : [];
  return spellerLike([spelling, ...names], source?.name === OPTIONS ? camelCase : (name) => name);
}

/** Spells names that nobody wrote as the config file spells its own; where it has none, as the options do. */
export function unwrittenSpeller(chosen: ReadonlyMap<SettingName, ChosenValue>): Speller {
  const given = [...chosen.values()];
  const others = given.filter(({ source }) => source.name !== OPTIONS);
  return spellerLike(
    others.map(({ spelling }) => spelling),
    others.length < given.length ? camelCase : (name) => name,
  );
}

/** A sentence about settings that names them as they were written, and ends with where their values came from. */
export function tellOf(
  chosen: ReadonlyMap<SettingName, ChosenValue>,
  sentence: string,
  ...settings: readonly SettingName[]
): string {
  const given = settings.flatMap((setting) => chosen.get(setting) ?? []);
  const [first] = given;
  if (!first) return sentence;
  const told = sentence.replace(NAMES, (name) =>
    spellerOf(chosen.get(settingOf(name) as SettingName) ?? first)(name),
  );
  return `${told}; set by ${given.map(placeOf).join(' and ')}`;
}

/** The names on the way to a value within another, as they were written; `spell` is for those that are missing. */
export function writtenPath(
  value: unknown,
  path: readonly PropertyKey[],
  spell: Speller,
): readonly PropertyKey[] {
  let inner = value;
  return path.map((part) => {
    const name = writtenName(inner, part, spell);
    inner = (inner as Record<PropertyKey, unknown> | undefined)?.[name];
    return name;
  });
}

/** How an object's author wrote one of its names. */
export function writtenName(object: unknown, name: PropertyKey, spell: Speller): PropertyKey {
  if (typeof name !== 'string' || !isObject(object) || Object.hasOwn(object, name)) return name;
  const written = Object.keys(object).find((key) => kebabCase(key).replaceAll('_', '-') === name);
  return written ?? spell(name);
}
