import * as z from 'zod';
import { kebabCase } from './name-case.js';
import { isTimeSetting } from './time-setting.js';

type Context = z.core.$RefinementCtx;

/**
 * A list of objects whose names may be spelt in the three ways, as the keys of the configuration may. Messages of
 * ours end a sentence about the place, and never tell a value.
 */
export function entries<Entry extends z.ZodObject>(
  entry: Entry,
  check: (given: z.output<Entry>, context: Context) => void,
) {
  const checked = entry.superRefine(check, { when: ({ value }) => isObject(value) });
  return z.array(z.preprocess(kebabNames, checked));
}

/** Text within an entry. */
export function entryText(fault: (value: string) => string | undefined): z.ZodString {
  return z.string({ error: 'is missing or no text' }).superRefine((value, context) => {
    const message = fault(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** A point in time within an entry. */
export function entryTime() {
  const error = 'is no time; write epoch seconds, "2027-01-31" or "2027-01-31T12:00:00Z"';
  return z.union([z.string(), z.number()], { error }).refine(isTimeSetting, { error });
}

/** Whether there are names and values to look at, whatever else is wrong with them: every fault is told at once. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kebabNames(given: unknown): unknown {
  if (!isObject(given)) return given;
  return Object.fromEntries(
    Object.entries(given)
      .map(([name, content]) => [kebabCase(name).replaceAll('_', '-'), content, name] as const)
      // A name twice stays as it is spelt, and is told as one that is not known.
      .map(([kebab, content, name]) => [kebab !== name && kebab in given ? name : kebab, content]),
  );
}
