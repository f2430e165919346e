/** What makes a segment of a pattern anything but its own text, in any router's notation. */
const VARYING = /[:*({?+[\]!"\\%]/;

/**
 * Routes by the segments that their patterns begin with, as far as those are fixed: an application may have a thousand
 * routes, and of a path that nobody has asked for before only a few have to be tried.
 */
export class RouteIndex<T> {
  private readonly byHead = new Map<string, T[]>();
  private depth = 0;

  add(pattern: string, value: T): void {
    const segments = pattern.toLowerCase().split('/').filter(Boolean);
    const varying = segments.findIndex((segment) => VARYING.test(segment));
    const fixed = varying === -1 ? segments : segments.slice(0, varying);
    const head = fixed.map((segment) => `/${segment}`).join('');
    const others = this.byHead.get(head);
    if (others) others.push(value);
    else this.byHead.set(head, [value]);
    this.depth = Math.max(this.depth, fixed.length);
  }

  /** Those whose patterns begin as this path does. @param path in lower case, without a trailing slash */
  candidates(path: string): readonly T[] {
    const found = [...(this.byHead.get('') ?? [])];
    let end = path.length > 1 ? 0 : -1;
    for (let depth = 0; depth < this.depth && end !== -1; depth++) {
      end = path.indexOf('/', end + 1);
      found.push(...(this.byHead.get(end === -1 ? path : path.slice(0, end)) ?? []));
    }
    return found;
  }
}
