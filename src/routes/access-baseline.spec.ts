import { describe, expect, it } from '@jest/globals';
import { compareWithBaseline, readBaseline, writeBaseline } from './access-baseline.js';
import type { AccessMap } from './access-map.js';

const mapOf = (...names: string[]): AccessMap => ({
  entries: names.map((name) => ({
    kind: 'route',
    name,
    requires: 'public',
    isOpen: true,
    isMarkedPublic: true,
    isOwnEndpoint: false,
    origins: ['decorator'],
    handler: undefined,
  })),
  deadRules: [],
  unenforced: [],
});
const because = (reason: string, ...names: string[]) => ({ open: names.map((name) => ({ name, reason })) });

describe('the baseline of open routes', () => {
  it('fails both ways', () => {
    const differences = compareWithBaseline(mapOf('GET /new'), because('probe', 'GET /gone'));
    expect(differences).toEqual([
      expect.stringContaining('GET /new is open and not in the baseline'),
      expect.stringContaining('GET /gone is in the baseline and not open any more'),
    ]);
  });

  it('wants a reason of each, and each once', () => {
    expect(compareWithBaseline(mapOf('GET /a'), because(' ', 'GET /a'))).toEqual([
      expect.stringContaining('has no reason'),
    ]);
    expect(compareWithBaseline(mapOf('GET /a'), because('x', 'GET /a', 'GET /a'))).toEqual([
      expect.stringContaining('twice'),
    ]);
    expect(() => readBaseline('{"open": [{"name": "GET /a"}]}')).toThrow('open.0.reason');
    expect(() => readBaseline('{"opne": []}')).toThrow('The baseline has the form');
  });

  it('keeps the reasons that are known when it is written', () => {
    const written = writeBaseline(mapOf('GET /b', 'GET /a'), because('probe', 'GET /a'));
    expect(written.open).toEqual([
      { name: 'GET /a', reason: 'probe' },
      { name: 'GET /b', reason: '' },
    ]);
    expect(
      compareWithBaseline(mapOf('GET /a'), readBaseline(JSON.stringify(because('probe', 'GET /a')))),
    ).toEqual([]);
  });
});
