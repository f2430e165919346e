import { Form, type Formed, type FormFault } from './form.js';

/** Any text; `message` ends the sentence about what is none. */
export function anyText(message?: string): Form<string> {
  return of<string>('string', (given) => typeof given === 'string', message);
}

export function truth(message?: string): Form<boolean> {
  return of<boolean>('boolean', (given) => typeof given === 'boolean', message);
}

/** Anything at all. */
export function anything(): Form<unknown> {
  return Form.of<unknown>({}, (given) => given, { code: 'invalid_type' });
}

export function number(least: number, most: number): Form<number> {
  return numberIn('number', Number.isFinite, least, most);
}

export function integer(least: number, most: number, message?: string): Form<number> {
  return numberIn('integer', Number.isInteger, least, most, message);
}

/** One of these texts. */
export function choice<const Choices extends readonly string[]>(
  choices: Choices,
  message?: string,
): Form<Choices[number]> {
  return Form.of(
    { type: 'string', enum: choices },
    (given) => (choices.includes(given as string) ? given : Form.misfit),
    { code: 'invalid_value', message },
  );
}

/** Exactly this. */
export function literal<const T extends string | number>(value: T): Form<T> {
  return Form.of({ type: typeof value, const: value }, (given) => (given === value ? given : Form.misfit), {
    code: 'invalid_value',
  });
}

/** The first of these kinds that the value is of. */
export function either<Options extends readonly Form<unknown>[]>(
  ...options: Options
): Form<Formed<Options[number]>> {
  return Form.of(
    { anyOf: options.map(({ schema }) => schema) },
    (given, path, faults) => {
      for (const option of options) {
        const value = option.read(given, path, faults);
        if (value !== Form.misfit) return value;
      }
      return Form.misfit;
    },
    { code: 'invalid_union' },
  );
}

/** How many a list may have, and the end of the sentence about one that has fewer. */
export interface ListLength {
  readonly min?: number;
  readonly max?: number;
  readonly tooFew?: string;
}

export function listOf<T>(item: Form<T>, { min, max, tooFew }: ListLength = {}): Form<T[]> {
  return Form.of(
    {
      ...(min === undefined ? {} : { minItems: min }),
      ...(max === undefined ? {} : { maxItems: max }),
      type: 'array',
      items: item.schema,
    },
    (given, path, faults) => {
      if (!Array.isArray(given)) return Form.misfit;
      const { length } = given;
      const items = Array.from(given as readonly unknown[], (each, index) =>
        item.take(each, [...path, index], faults),
      );
      if (length < (min ?? 0)) faults.push({ code: 'too_small', path, message: tooFew });
      if (length > (max ?? Infinity)) faults.push({ code: 'too_big', path });
      return items;
    },
    { code: 'invalid_type' },
  );
}

/** Names of one's own, each with a value of the same form. */
export function mapOf<T>(item: Form<T>, message?: string): Form<Record<string, T>> {
  return Form.of(
    { type: 'object', propertyNames: { type: 'string' }, additionalProperties: item.schema },
    (given, path, faults) =>
      isPlainObject(given)
        ? Object.fromEntries(
            Object.entries(given).map(([name, each]) => [name, item.take(each, [...path, name], faults)]),
          )
        : Form.misfit,
    { code: 'invalid_type', message },
  );
}

type Fields = Readonly<Record<string, Form<unknown>>>;
type OptionalName<F extends Fields> = {
  [Name in keyof F]: undefined extends Formed<F[Name]> ? Name : never;
}[keyof F];

/** What an object with these fields gives: those that may be undefined may be missing. */
export type FormedObject<F extends Fields> = {
  [Name in Exclude<keyof F, OptionalName<F>>]: Formed<F[Name]>;
} & { [Name in OptionalName<F>]?: Formed<F[Name]> };

/** An object of these names and no others. */
export function objectOf<F extends Fields>(fields: F): Form<FormedObject<F>> {
  const entries = Object.entries(fields);
  const required = entries.filter(([, { isRequired }]) => isRequired).map(([name]) => name);
  return Form.of(
    {
      type: 'object',
      properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
      ...(required.length === 0 ? {} : { required }),
      additionalProperties: false,
    },
    (given, path, faults) => {
      if (typeof given !== 'object' || given === null || Array.isArray(given)) return Form.misfit;
      const object = given as Readonly<Record<string, unknown>>;
      const taken = entries.map(([name, form]) => [name, form.take(object[name], [...path, name], faults)]);
      const names = Object.keys(object).filter((name) => !Object.hasOwn(fields, name));
      if (names.length > 0) faults.push({ code: 'unrecognized_keys', path, names });
      return Object.fromEntries(taken.filter(([, value]) => value !== undefined));
    },
    { code: 'invalid_type' },
  );
}

function of<T>(type: string, fits: (given: unknown) => boolean, message: string | undefined): Form<T> {
  return Form.of<T>({ type }, (given) => (fits(given) ? given : Form.misfit), {
    code: 'invalid_type',
    message,
  });
}

function numberIn(
  type: string,
  fits: (given: unknown) => boolean,
  minimum: number,
  maximum: number,
  message?: string,
): Form<number> {
  return Form.of(
    { type, minimum, maximum },
    (given, path, faults) => {
      if (!fits(given)) return Form.misfit;
      const code = faultOfRange(given as number, minimum, maximum);
      if (code !== undefined) faults.push({ code, path });
      return given;
    },
    { code: 'invalid_type', message },
  );
}

function faultOfRange(value: number, minimum: number, maximum: number): FormFault['code'] | undefined {
  if (value < minimum) return 'too_small';
  return value > maximum ? 'too_big' : undefined;
}

/** Not a list, and no instance of a class: a map or a date has no names that anybody has written. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Of another realm, as under a test runner, too.
  return prototype === null || Object.hasOwn(prototype, 'isPrototypeOf');
}
