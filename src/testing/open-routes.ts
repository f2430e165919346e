import type { INestApplicationContext } from '@nestjs/common';
import { openEntries } from '../routes/access-baseline.js';
import { accessMap } from '../routes/access-map.js';

/** Routes and sockets that ask for nothing, but those of fastauth itself: `GET /health`, `WebSocket /feed`. */
function openRoutes(app: INestApplicationContext): readonly string[] {
  const open = openEntries(accessMap(app)).filter(({ kind }) => ['route', 'gateway'].includes(kind));
  return [...new Set(open.map(({ name }) => name))];
}

/** @throws Error routes are open that `except` does not name, or it names some that are not */
export function assertAllGuarded(app: INestApplicationContext, except: readonly string[]): void {
  const open = openRoutes(app);
  const isMeant = (route: string, exception: string): boolean =>
    route === exception || route.slice(route.indexOf(' ') + 1) === exception;
  const unmeant = open.filter((route) => !except.some((exception) => isMeant(route, exception)));
  const idle = except.filter((exception) => !open.some((route) => isMeant(route, exception)));
  const faults = [
    ...unmeant.map((route) => `${route} is open to everybody: guard it, or list it in "except"`),
    ...idle.map((exception) => `"except" names ${exception}, which is not an open route: leave it out`),
  ];
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
