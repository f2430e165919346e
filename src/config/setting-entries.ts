import { Form, type OwnFault } from './form.js';
import { anyText, listOf } from './forms.js';
import { kebabCase } from './name-case.js';
import { isTimeSetting } from './time-setting.js';

/**
 * A list of objects whose names may be spelt in the three ways, as the keys of the configuration may. Messages of
 * ours end a sentence about the place, and never tell a value.
 */
export function entries<T>(entry: Form<T>, check: (given: T) => readonly OwnFault[]): Form<T[]> {
  return listOf(entry.check(check).preprocess(kebabNames));
}

/** Text within an entry. */
export function entryText(fault: (value: string) => string | undefined): Form<string> {
  return anyText('is missing or no text').check((value) => {
    const message = fault(value);
    return message === undefined ? [] : [{ message }];
  });
}

/** A point in time within an entry. */
export function entryTime(): Form<string | number> {
  const message = 'is no time; write epoch seconds, "2027-01-31" or "2027-01-31T12:00:00Z"';
  return Form.of<string | number>(
    { type: ['string', 'number'] },
    (given) => {
      const isOfKind = typeof given === 'string' || typeof given === 'number';
      return isOfKind && isTimeSetting(given) ? given : Form.misfit;
    },
    { code: 'invalid_union', message },
  );
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
