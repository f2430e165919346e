import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getDefaultParser } from '@nestjs/config';
import { loadFastauthConfig } from './load-config.js';

const KEYS = { cryptographyKey: 'k'.repeat(40), masterToken: 'a-master-token-of-this-test' };

function warningsOf(line: string): readonly string[] {
  const cwd = mkdtempSync(join(tmpdir(), 'fastauth-'));
  try {
    writeFileSync(join(cwd, '.env'), `${line}\n`);
    return loadFastauthConfig(KEYS, { env: {}, cwd, parseEnv: getDefaultParser() }).warnings;
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

describe('a variable of .env', () => {
  it.each([
    ['CRYPTOGRAHPY_KEY', 'CRYPTOGRAPHY_KEY'],
    ['MASTERTOKEN', 'MASTER_TOKEN'],
    ['master_token', 'MASTER_TOKEN'],
    ['FASTAUTH_MASTER_TOKEN', 'MASTER_TOKEN'],
    ['FASTAUTH_DATABSE_URL', 'FASTAUTH_DATABASE_URL'],
  ])('that is misspelt is told of: %s', (variable, meant) => {
    const warnings = warningsOf(`${variable}=sEcReT`);
    expect(warnings).toEqual([
      `${variable} (.env) is no variable of fastauth and is not read; did you mean ${meant}?`,
    ]);
  });

  it.each(['DATABASE_URL', 'JWT_SECRET', 'API_TOKEN', 'KEY', 'PORT', 'SESSION_KEY'])(
    "that is the application's own is not: %s",
    (variable) => expect(warningsOf(`${variable}=x`)).toEqual([]),
  );
});
