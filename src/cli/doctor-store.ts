import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { ConfigError, StoreUnavailableError } from '../errors.js';
import type { TokenStore } from '../sessions/token-store.js';
import { hasClock } from '../stores/clocked-store.js';
import { isMigrating } from '../stores/migrating-store.js';
import { createTokenStore } from '../stores/open-store.js';
import { type Finding, Findings } from './finding.js';
import { storePlace } from './store-place.js';

/** Whether the store can be used: its driver, the server, its tables and its clock. */
export async function storeFindings(config: FastauthConfig): Promise<readonly Finding[]> {
  const findings = new Findings('store');
  const { shown } = storePlace(config.databaseUrl);
  if (config.databaseUrl.startsWith('memory:')) {
    findings.note('memory: every session ends with the process', 'Set database-url for anything but tests.');
    return findings.all;
  }
  // Looking must not make it.
  if (
    config.databaseUrl.startsWith('lmdb:') &&
    !existsSync(join(config.databaseUrl.slice('lmdb:'.length), 'data.mdb'))
  ) {
    findings.note(`${shown} is not there yet; the application makes it when it starts`);
    return findings.all;
  }
  const store = await createTokenStore(config);
  try {
    await store.open();
    await store.ping();
    findings.good(`${shown} answers`);
    await lookAtTables(findings, store);
    await lookAtClock(findings, store, config.clockTolerance);
  } catch (error) {
    tell(findings, shown, error);
  } finally {
    await store.close();
  }
  return findings.all;
}

async function lookAtTables(findings: Findings, store: TokenStore): Promise<void> {
  if (!isMigrating(store)) return;
  const pending = await store.pendingMigrations();
  if (pending.length === 0) findings.good('its tables are up to date');
  else findings.warning(`its tables lack ${pending.join(', ')}`, 'Run "npx fastauth store migrate".');
}

async function lookAtClock(findings: Findings, store: TokenStore, tolerance: number): Promise<void> {
  if (!hasClock(store)) return;
  const clock = new SystemClock();
  const before = clock.now();
  const there = await store.time();
  const here = (before + clock.now()) / 2000;
  const apart = Math.abs(there - here);
  const text = `its clock is ${apart.toFixed(1)} s ${there < here ? 'behind' : 'ahead of'} this machine's`;
  if (apart <= tolerance) findings.good(text);
  else findings.bad(`${text}; clock-tolerance is ${tolerance} s`, 'Set both clocks by NTP.');
}

function tell(findings: Findings, shown: string, error: unknown): void {
  if (error instanceof ConfigError) {
    for (const fault of error.faults) findings.bad(`${shown}: ${fault.replace(/^database-url: /, '')}`);
  } else if (error instanceof StoreUnavailableError) {
    const reason = error.message
      .replace(/^The token store is not available: /, '')
      .replace(/ Try again later\.$/, '');
    findings.bad(`${shown}: ${reason}`, 'Start the server, or correct database-url.');
  } else {
    // Its text may quote what was given.
    const { name, code } = error as NodeJS.ErrnoException;
    findings.bad(`${shown} cannot be used (${code ?? name})`, 'Look at its log.');
  }
}
