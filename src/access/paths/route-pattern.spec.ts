import { describe, expect, it } from '@jest/globals';
import { PARAMETER as P, SPLAT as S, writeOutPattern } from './route-pattern.js';

describe('a route pattern, written out', () => {
  it.each([
    ['/:section/health', [`/${P}/health`]],
    ['/files/*path', [`/files/${S}`]],
    ['/{*splat}', ['/', `/${S}`]],
    ['/*', [`/${S}`]],
    ['/(.*)', [`/${S}`]],
    ['/a{/:b}', ['/a', `/a/${P}`]],
    ['/a{/:b{/:c}}', ['/a', `/a/${P}`, `/a/${P}/${P}`]],
    ['/:id(^\\d{2}$)/x', [`/${P}/x`]],
    ['/:id(^(a|\\))+$).png', [`/${P}.png`]],
    ['/:a-:b', [`/${P}-${P}`]],
    ['/:"odd name"/x', [`/${P}/x`]],
    ['/a\\{b', ['/a{b']],
    ['/v1::batch', ['/v1:batch']],
    ['/q/:id?', [`/q/${P}`, '/q']],
    ['/Access/', ['/access']],
    ['a//b', ['/a/b']],
    ['', ['/']],
    ['/a}b{', ['/a}b']],
  ])('%s', (pattern, expected) => {
    expect([...writeOutPattern(pattern)].sort()).toEqual([...expected].sort());
  });

  it('stays small whatever is optional', () => {
    expect(writeOutPattern('{/a}'.repeat(40)).length).toBeLessThan(600);
    expect(writeOutPattern(`/a${'?'.repeat(40)}`).length).toBeLessThan(600);
    expect(writeOutPattern('{'.repeat(20_000)).length).toBeLessThan(600);
    expect(writeOutPattern('{/a{/b}'.repeat(5_000)).length).toBeLessThan(600);
  });
});
