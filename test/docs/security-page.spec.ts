import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const page = readFileSync('SECURITY.md', 'utf8');
const rows = page
  .slice(page.indexOf('## What is promised'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:promise|requirement|-)/.test(line));

describe('SECURITY.md', () => {
  it('names for each promise and requirement files that are there', () => {
    expect(rows.length).toBeGreaterThan(12);
    for (const row of rows) {
      const files = Array.from(row.split('|')[2]?.matchAll(/`([^`]+)`/g) ?? [], ([, file]) => file as string);
      expect(files.length).toBeGreaterThan(0);
      expect(files.filter((file) => !existsSync(file))).toEqual([]);
    }
  });
});
