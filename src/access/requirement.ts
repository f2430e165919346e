/** Kinds of credentials, as a bit set. */
export type CredentialSet = number;

export const ACCESS_TOKEN = 1;
export const MASTER_TOKEN = 2;

/** One way to meet a requirement: all of this together. */
export interface Alternative {
  readonly credentials: CredentialSet;
  /** Scopes that the access token must have, each once. */
  readonly scopes: readonly string[];
  /** How many seconds ago the session may have begun at most; `Infinity`: any time. */
  readonly maxAge: number;
}

const CREDENTIAL_TEXTS = ['public', 'access', 'master', 'access and master'];

/**
 * What a path or a route asks of whoever calls it: a list of alternatives, one of which must be met. A value: nothing
 * of it changes, and two that ask the same may be two objects.
 */
export class Requirement {
  /** Open to everybody. */
  static readonly NONE = Requirement.ofCredentials(0);
  /** An access token. */
  static readonly ACCESS = Requirement.ofCredentials(ACCESS_TOKEN);
  /** The master token. */
  static readonly MASTER = Requirement.ofCredentials(MASTER_TOKEN);
  /** An access token and the master token; not one of them. */
  static readonly BOTH = Requirement.ofCredentials(ACCESS_TOKEN | MASTER_TOKEN);
  /** Nothing, but an access token that is sent must be good. */
  static readonly OPTIONAL = new Requirement(Requirement.NONE.alternatives, true);

  private static readonly PLAIN = [this.NONE, this.ACCESS, this.MASTER, this.BOTH] as const;

  /** Whether nothing is asked, so that nothing has to be looked at. */
  readonly isOpen: boolean;
  /** Whether it can be met at one time and missed at another by the same proof. */
  readonly isTimed: boolean;
  /** All credentials that one or another alternative asks, or that are checked when they are sent. */
  readonly credentials: CredentialSet;
  /** The one alternative, if it asks for an access token and not the master token, so that nothing has to be chosen. */
  readonly ofAccess: Alternative | undefined;
  /** What it asks if it asks for credentials and nothing else; otherwise -1. */
  private readonly plain: number;

  private constructor(
    readonly alternatives: readonly Alternative[],
    /** Whether an access token that is sent must be good even if none is needed. */
    readonly checksOptional: boolean,
  ) {
    const [first] = alternatives;
    const isPlain =
      alternatives.length === 1 && !checksOptional && first?.scopes.length === 0 && first.maxAge === Infinity;
    this.plain = isPlain ? first.credentials : -1;
    this.isOpen = this.plain === 0;
    const isOfAccess = alternatives.length === 1 && !checksOptional && first?.credentials === ACCESS_TOKEN;
    this.ofAccess = isOfAccess ? first : undefined;
    this.isTimed = alternatives.some(({ maxAge }) => maxAge !== Infinity);
    this.credentials = alternatives.reduce(
      (sum, { credentials }) => sum | credentials,
      checksOptional ? ACCESS_TOKEN : 0,
    );
  }

  /** An access token whose `scope` has all of these names. */
  static ofScopes(scopes: readonly string[]): Requirement {
    return new Requirement(
      [{ credentials: ACCESS_TOKEN, scopes: [...new Set(scopes)], maxAge: Infinity }],
      false,
    );
  }

  /** An access token of a session that began at most so many seconds ago. */
  static ofAge(maxAge: number): Requirement {
    return new Requirement([{ credentials: ACCESS_TOKEN, scopes: [], maxAge }], false);
  }

  /** What all of these ask together; nothing, of none. */
  static all(requirements: readonly Requirement[]): Requirement {
    return requirements.reduce((sum, each) => sum.and(each), Requirement.NONE);
  }

  /** What each of these asks at least; nothing, of none. */
  static any([first = Requirement.NONE, ...others]: readonly Requirement[]): Requirement {
    return others.reduce((sum, each) => sum.or(each), first);
  }

  /**
   * Reads what a copy of the package has written down, this one or another version.
   * @returns undefined for what this one cannot read
   */
  static read(value: unknown): Requirement | undefined {
    if (value instanceof Requirement) return value;
    if (typeof value !== 'object' || value === null) return undefined;
    const { alternatives, checksOptional, ...others } = value as Record<string, unknown>;
    if (!Array.isArray(alternatives) || alternatives.length === 0 || typeof checksOptional !== 'boolean')
      return undefined;
    if (!alternatives.every(isAlternative)) return undefined;
    const read = new Requirement(alternatives, checksOptional);
    return Object.keys(others).every((key) => Object.hasOwn(read, key)) ? read : undefined;
  }

  private static ofCredentials(credentials: CredentialSet): Requirement {
    return new Requirement([{ credentials, scopes: [], maxAge: Infinity }], false);
  }

  /** What this and the other ask together. */
  and(other: Requirement): Requirement {
    if (this === other || other.isOpen) return this;
    if (this.isOpen) return other;
    if (this.implies(other)) return this;
    if (other.implies(this)) return other;
    if (this.plain > 0 && other.plain > 0) return Requirement.PLAIN[this.plain | other.plain] ?? this;
    const together = this.alternatives.flatMap((one) =>
      other.alternatives.map((another) => ({
        credentials: one.credentials | another.credentials,
        scopes: [...new Set([...one.scopes, ...another.scopes])],
        maxAge: Math.min(one.maxAge, another.maxAge),
      })),
    );
    return new Requirement(weakest(together), this.checksOptional || other.checksOptional);
  }

  /** What is enough for this or for the other. */
  or(other: Requirement): Requirement {
    if (this.implies(other)) return other;
    if (other.implies(this)) return this;
    return new Requirement(
      weakest([...this.alternatives, ...other.alternatives]),
      this.checksOptional && other.checksOptional,
    );
  }

  /** Whether whoever meets this meets the other, too. */
  implies(other: Requirement): boolean {
    if (this === other || other.isOpen) return true;
    if (this.plain >= 0 && other.plain >= 0) return (other.plain & ~this.plain) === 0;
    return (
      this.alternatives.every((one) =>
        other.alternatives.some((another) => impliesAlternative(one, another)),
      ) &&
      (!other.checksOptional ||
        this.checksOptional ||
        this.alternatives.every(({ credentials }) => (credentials & ACCESS_TOKEN) !== 0))
    );
  }

  /** In the words of the configuration: `public`, `access`, `master`, `access with scope "a b" or master`. */
  describe(): string {
    if (this.plain >= 0) return CREDENTIAL_TEXTS[this.plain] ?? '';
    const text = this.alternatives.map(describeAlternative).join(' or ');
    if (!this.checksOptional) return text;
    return this.alternatives.every(({ credentials }) => credentials === 0)
      ? 'public, an access token is checked if sent'
      : `${text}, an access token is checked if sent`;
  }
}

function impliesAlternative(one: Alternative, another: Alternative): boolean {
  return (
    (another.credentials & ~one.credentials) === 0 &&
    one.maxAge <= another.maxAge &&
    another.scopes.every((scope) => one.scopes.includes(scope))
  );
}

/** Without those that ask no less than another one. */
function weakest(alternatives: readonly Alternative[]): readonly Alternative[] {
  return alternatives.filter(
    (one, index) =>
      !alternatives.some(
        (another, place) =>
          place !== index &&
          impliesAlternative(one, another) &&
          (place < index || !impliesAlternative(another, one)),
      ),
  );
}

function describeAlternative({ credentials, scopes, maxAge }: Alternative): string {
  const scoped = scopes.length === 0 ? '' : ` with scope ${JSON.stringify(scopes.join(' '))}`;
  const aged = maxAge === Infinity ? '' : ` of a session begun at most ${maxAge} s ago`;
  return `${CREDENTIAL_TEXTS[credentials] ?? ''}${scoped}${aged}`;
}

function isAlternative(value: unknown): value is Alternative {
  if (typeof value !== 'object' || value === null) return false;
  const { credentials, scopes, maxAge, ...others } = value as Record<string, unknown>;
  return (
    typeof credentials === 'number' &&
    Number.isInteger(credentials) &&
    credentials >= 0 &&
    credentials < CREDENTIAL_TEXTS.length &&
    Array.isArray(scopes) &&
    scopes.every((scope) => typeof scope === 'string') &&
    typeof maxAge === 'number' &&
    maxAge > 0 &&
    Object.keys(others).length === 0
  );
}

export const { NONE, ACCESS, MASTER, BOTH, OPTIONAL } = Requirement;
