/** What is wrong with a value. */
export interface FormFault {
  /** Where within it. */
  readonly path: readonly PropertyKey[];
  readonly code:
    | 'invalid_type'
    | 'invalid_value'
    | 'invalid_union'
    | 'too_small'
    | 'too_big'
    | 'unrecognized_keys'
    | 'custom';
  /** Ends a sentence about the place; undefined: it is not what is expected there. */
  readonly message?: string | undefined;
  /** Names that an object has and may not have. */
  readonly names?: readonly string[];
}

/** A fault that no form knows by itself. */
export type OwnFault = Pick<FormFault, 'message'> & Partial<Pick<FormFault, 'path'>>;

/** A value in its form, or everything that is wrong with it. */
export type FormResult<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly faults: readonly FormFault[] };

/** What a form says of itself, for people: `expected` ends the sentence of a fault. */
export interface FormNotes {
  readonly expected?: string;
  readonly description: string;
}

/** JSON Schema, with what is read of it here. */
export interface FormSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly items?: FormSchema;
  readonly properties?: Readonly<Record<string, FormSchema>>;
  readonly [keyword: string]: unknown;
}

/** The value that a form gives. */
export type Formed<F> = F extends Form<infer T> ? T : never;

type Path = readonly PropertyKey[];
/** Gives the value as it is used from here on, or says that it is nothing of this kind; adds what else is wrong. */
type Read = (given: unknown, path: Path, faults: FormFault[]) => unknown;
type Misfit = Pick<FormFault, 'code' | 'message'>;

const MISFIT = Symbol('misfit');

/**
 * The form of a value of the configuration: checks it, tells every fault at once, and describes itself as JSON Schema.
 * It is there because an application checks its configuration at each start: a library for it has to be loaded first.
 */
export class Form<T> {
  /** Of what is written, before anything is put in its place. */
  readonly schema: FormSchema;
  readonly isRequired: boolean;
  readonly expected: string;
  readonly #read: Read;
  readonly #misfit: Misfit;

  private constructor(
    read: Read,
    misfit: Misfit,
    schema: FormSchema,
    { isRequired = true, expected = '' }: Partial<Pick<Form<T>, 'isRequired' | 'expected'>> = {},
  ) {
    this.#read = read;
    this.#misfit = misfit;
    this.schema = schema;
    this.isRequired = isRequired;
    this.expected = expected;
  }

  /**
   * A form of one kind of values.
   * @param read answers `Form.misfit` for what is nothing of this kind
   */
  static of<T>(schema: FormSchema, read: Read, misfit: Misfit): Form<T> {
    return new Form<T>(read, misfit, schema);
  }

  static get misfit(): unknown {
    return MISFIT;
  }

  safeParse(given: unknown): FormResult<T> {
    const faults: FormFault[] = [];
    const data = this.take(given, [], faults) as T;
    return faults.length === 0 ? { success: true, data } : { success: false, faults };
  }

  /** The value at a place within another one; where it does not fit, as it was given. */
  take(given: unknown, path: Path, faults: FormFault[]): unknown {
    const value = this.#read(given, path, faults);
    if (value !== MISFIT) return value;
    faults.push({ ...this.#misfit, path });
    return given;
  }

  /** The same, or {@link Form.misfit}. */
  read(given: unknown, path: Path, faults: FormFault[]): unknown {
    return this.#read(given, path, faults);
  }

  /** A check of values of this kind, whatever else is wrong within them. */
  check(find: (value: T) => readonly OwnFault[]): Form<T> {
    return this.#with((given, path, faults) => {
      const value = this.#read(given, path, faults);
      if (value === MISFIT) return MISFIT;
      for (const { message, path: within = [] } of find(value as T))
        faults.push({ code: 'custom', path: [...path, ...within], message });
      return value;
    });
  }

  /** Puts another value in the place of one that fits. */
  transform<R>(change: (value: T) => R): Form<R> {
    return this.#with((given, path, faults) => {
      const before = faults.length;
      const value = this.#read(given, path, faults);
      return value === MISFIT || faults.length > before ? value : change(value as T);
    });
  }

  /** Reads another value than is given. */
  preprocess(change: (given: unknown) => unknown): Form<T> {
    return this.#with((given, path, faults) => this.#read(change(given), path, faults));
  }

  optional(): Form<T | undefined> {
    return this.#with<T | undefined>(
      (given, path, faults) => (given === undefined ? undefined : this.#read(given, path, faults)),
      { isRequired: false },
    );
  }

  default(initial: T): Form<T> {
    return this.#with(
      (given, path, faults) =>
        given === undefined ? structuredClone(initial) : this.#read(given, path, faults),
      { isRequired: false, schema: { default: initial, ...this.schema } },
    );
  }

  notes({ expected = this.expected, description }: FormNotes): Form<T> {
    const { default: initial, ...kind } = this.schema;
    const before = initial === undefined ? {} : { default: initial };
    return this.#with(this.#read, { expected, schema: { ...before, description, ...kind } });
  }

  #with<R = T>(
    read: Read,
    changes: Partial<Pick<Form<T>, 'isRequired' | 'expected' | 'schema'>> = {},
  ): Form<R> {
    const { isRequired, expected, schema } = { ...this, ...changes };
    return new Form<R>(read, this.#misfit, schema, { isRequired, expected });
  }
}
