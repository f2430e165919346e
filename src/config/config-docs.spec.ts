import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { configFileSchema, configTable, type PropertySchema } from './config-docs.js';
import { loadFastauthConfig } from './load-config.js';
import { kebabCase } from './name-case.js';
import { SETTING_NAMES, SETTINGS } from './settings.js';

const HINT = 'Run "npm run docs" after a change to the settings.';

describe('what is generated from the settings', () => {
  it(`is the shipped JSON Schema. ${HINT}`, () => {
    expect(JSON.parse(readFileSync('src/fastauth.schema.json', 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(configFileSchema())),
    );
  });

  it('knows the names of entries in the three spellings that are read', () => {
    const { properties } = configFileSchema() as { properties: Record<string, PropertySchema> };
    const namesOf = (key: string) => Object.keys(properties[key]?.items?.properties ?? {});
    expect(namesOf('master-tokens')).toEqual(
      expect.arrayContaining(['name', 'expires-at', 'expires_at', 'expiresAt']),
    );
    expect(namesOf('cryptographyKeys')).toEqual(
      expect.arrayContaining(['pem-file', 'pemFile', 'accepts_missing_kid', 'acceptsMissingKid']),
    );
  });

  it(`is the table of docs/configuration.md. ${HINT}`, () => {
    const cells = (text: string): string[] => text.split('\n').map((line) => line.replaceAll(/ +|-+/g, ' '));
    const page = cells(readFileSync('docs/configuration.md', 'utf8'));
    for (const row of cells(configTable()).slice(2)) expect(page).toContain(row);
  });
});

describe('the config file at the root', () => {
  it('shows each key that has no place in the environment, with its default', () => {
    const file: Record<string, unknown> = JSON.parse(readFileSync('fastauth.config.json', 'utf8'));
    const { $schema, 'master-token-paths': master, 'access-token-paths': access, ...shown } = file;
    expect([$schema, master, access]).toEqual(['./src/fastauth.schema.json', ['/master'], ['/access']]);
    const elsewhere = [
      'masterToken',
      'masterTokens',
      'cryptographyKey',
      'cryptographyKeys',
      'keySetFile',
      'issuer',
      'databaseUrl',
      'databaseApiUrl',
      'headers',
      // Its default depends on the store.
      'storeTimeout',
    ];
    const expected = SETTING_NAMES.filter(
      (name) => !elsewhere.includes(name) && !name.endsWith('TokenPaths'),
    ).map((name) => [kebabCase(name), SETTINGS[name].parse(undefined)]);
    expect(shown).toEqual(Object.fromEntries(expected));
    expect(
      loadFastauthConfig(
        {},
        { env: { MASTER_TOKEN: 'm'.repeat(32), CRYPTOGRAPHY_KEY: 'k'.repeat(32) }, cwd: '.' },
      ).warnings,
    ).toEqual([]);
  });
});
