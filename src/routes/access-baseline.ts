import * as z from 'zod';
import { parseStrictObject } from '../json.js';
import type { AccessEntry } from './access-entry.js';
import type { AccessMap } from './access-map.js';

/** What of an application is open on purpose, and why: `fastauth.routes.json`. */
export interface AccessBaseline {
  readonly open: readonly AcceptedEntry[];
}

/** Something that is open on purpose. */
export interface AcceptedEntry {
  /** As in {@link AccessEntry.name}. */
  readonly name: string;
  /** Why, for whoever reviews it. */
  readonly reason: string;
}

const BASELINE = z.strictObject({
  open: z.array(z.strictObject({ name: z.string().min(1), reason: z.string() })),
});

/** @throws TypeError it is not such a file; each fault is a line */
export function readBaseline(text: string): AccessBaseline {
  const parsed = BASELINE.safeParse(parseStrictObject(Buffer.from(text)));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new TypeError(
    ['The baseline has the form {"open": [{"name": "GET /health", "reason": "…"}]}.', ...faults].join('\n'),
  );
}

/** A baseline of what is open now, with the reasons that are known; new ones have an empty one, to be filled in. */
export function writeBaseline(map: AccessMap, before: AccessBaseline = { open: [] }): AccessBaseline {
  const reasons = new Map(before.open.map(({ name, reason }) => [name, reason]));
  return { open: openNames(map).map((name) => ({ name, reason: reasons.get(name) ?? '' })) };
}

/** How an application differs from its baseline, each as a sentence; both ways are faults. */
export function compareWithBaseline(map: AccessMap, { open }: AccessBaseline): readonly string[] {
  const now = openNames(map);
  const accepted = new Set(open.map(({ name }) => name));
  const repeated = open.filter(({ name }, index) => open.findIndex((each) => each.name === name) !== index);
  return [
    ...now
      .filter((name) => !accepted.has(name))
      .map((name) => `${name} is open and not in the baseline. Guard it, or list it there with a reason.`),
    ...open
      .filter(({ name }) => !now.includes(name))
      .map(({ name }) => `${name} is in the baseline and not open any more. Take it out.`),
    ...open
      .filter(({ reason }) => reason.trim() === '')
      .map(({ name }) => `${name} has no reason in the baseline. Write down why it is open.`),
    ...repeated.map(({ name }) => `${name} is in the baseline twice. Take one out.`),
  ];
}

/** What is open without fastauth's own endpoints. */
export function openEntries({ entries }: AccessMap): readonly AccessEntry[] {
  return entries.filter(({ isOpen, isOwnEndpoint }) => isOpen && !isOwnEndpoint);
}

/** What is open, without those of fastauth's own endpoints that are always so, such as the key set. */
function openNames({ entries }: AccessMap): readonly string[] {
  const open = entries.filter(
    ({ isOpen, isOwnEndpoint, isMarkedPublic }) => isOpen && !(isOwnEndpoint && isMarkedPublic),
  );
  return [...new Set(open.map(({ name }) => name))].toSorted();
}
