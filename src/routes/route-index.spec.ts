import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { compileRoute } from './compiled-route.js';
import { RouteIndex } from './route-index.js';

describe('the index of routes', () => {
  it('finds few of many', () => {
    const index = new RouteIndex<number>();
    for (let number = 0; number < 1000; number++) index.add(`/api/resource${number}/:id`, number);
    index.add('/', -1);
    index.add('/*rest', -2);
    expect(index.candidates('/api/resource7/x')).toEqual([-1, -2, 7]);
    expect(index.candidates('/api')).toEqual([-1, -2]);
    expect(index.candidates('/')).toEqual([-1, -2]);
    expect(index.candidates(`/api${'/x'.repeat(8000)}`)).toEqual([-1, -2]);
  });

  it('leaves out none that serves a path', () => {
    const segment = fc.constantFrom('a', 'B', 'a-b', ':x', 'a:x', '*rest', 'w{/:y}', 'grün');
    fc.assert(
      fc.property(
        fc.array(fc.array(segment, { maxLength: 4 }), { maxLength: 8 }),
        fc.array(fc.constantFrom('a', 'b', 'a-b', 'aa', 'w', 'grün'), { maxLength: 5 }),
        (patterns, segments) => {
          const path = `/${segments.join('/')}`;
          const routes = patterns.map((parts) => `/${parts.join('/')}`);
          const index = new RouteIndex<string>();
          for (const route of routes) index.add(route, route);
          const serves = (route: string) => compileRoute(route, 'express')?.(path) === true;
          expect(new Set(index.candidates(path).filter(serves))).toEqual(new Set(routes.filter(serves)));
        },
      ),
    );
  });
});
