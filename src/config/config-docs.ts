import * as z from 'zod';
import { camelCase, kebabCase } from './name-case.js';
import { settingSpellings } from './setting-spelling.js';
import { SETTING_NAMES, SETTINGS, type SettingName } from './settings.js';

/** What is used here of a key's JSON Schema. */
export interface PropertySchema {
  readonly description: string;
  readonly default?: unknown;
  readonly items?: { readonly properties?: Readonly<Record<string, object>> };
}

/** The JSON Schema of the config file, by which editors complete and check it. */
export function configFileSchema(): object {
  const schemas = new Map(SETTING_NAMES.map((name) => [name, propertySchema(name)]));
  const properties = Array.from(settingSpellings(), ([spelling, name]) => {
    const schema = schemas.get(name);
    // Other spellings are accepted, but not what an editor should offer.
    const isMain = spelling === kebabCase(name);
    return [spelling, isMain ? schema : { ...schema, description: `Same as "${kebabCase(name)}".` }];
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'fastauth.config.json',
    type: 'object',
    properties: { $schema: { type: 'string' }, ...Object.fromEntries(properties) },
    additionalProperties: false,
  };
}

/** The table of all keys, as Markdown, that docs/configuration.md shows. */
export function configTable(): string {
  const rows = SETTING_NAMES.map((name) => {
    const { description, default: initial } = propertySchema(name);
    return `| \`${kebabCase(name)}\` | ${description} | ${initial === undefined ? 'none' : `\`${JSON.stringify(initial)}\``} |`;
  });
  return ['| key | meaning | default |', '| --- | --- | --- |', ...rows].join('\n');
}

function propertySchema(name: SettingName): PropertySchema {
  const {
    $schema: _,
    expected: __,
    ...schema
  } = z.toJSONSchema(SETTINGS[name], { io: 'input', unrepresentable: 'any' });
  return withSpellings(schema as PropertySchema);
}

/** Names within the entries of a list may be spelt in the three ways, too. */
function withSpellings(schema: PropertySchema): PropertySchema {
  const { items } = schema;
  if (items?.properties === undefined) return schema;
  const properties = Object.entries(items.properties).flatMap(([name, property]) =>
    [name, camelCase(name), name.replaceAll('-', '_')].map((spelling) => [
      spelling,
      spelling === name ? property : { ...property, description: `Same as "${name}".` },
    ]),
  );
  return { ...schema, items: { ...items, properties: Object.fromEntries(properties) } };
}
