import type { SettingName } from './settings.js';

/** Keys whose values never enter an error or a log: they hold secrets, or may. */
export const SECRET_SETTINGS: ReadonlySet<SettingName> = new Set([
  'masterToken',
  'masterTokens',
  'cryptographyKey',
  'cryptographyKeys',
  'clients',
  'headers',
  'databaseUrl',
  'databaseApiUrl',
  'failedAttemptsStore',
]);
