/** What a command says: to people, or as one JSON value to programs. */
export interface CommandOutput {
  readonly lines: readonly string[];
  readonly json: object;
  readonly exitCode?: ExitCode;
}

export const EXIT = {
  done: 0,
  /** It did not work: a bad token, a store that does not answer. */
  failed: 1,
  /** It was asked wrongly, or the configuration has faults. */
  misuse: 2,
  /** A key was there already and was kept. */
  kept: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure that is told in one sentence, without a stack. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.failed,
  ) {
    super(message);
  }
}

/**
 * Text of others, such as a token's claims, as a terminal may show it: control characters, those that change the
 * direction of writing or cannot be seen, spaces of other kinds, and halves of surrogate pairs are escaped as JSON
 * escapes them. The page of the console escapes the same ones (`console/page/text.js`).
 */
export function printable(text: string): string {
  return text.replaceAll(/(?! )[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{DI}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** A number of things for people: `1 session`, `2 sessions`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function print({ lines, json, exitCode = EXIT.done }: CommandOutput, asJson: boolean): void {
  process.stdout.write(
    asJson ? `${printable(JSON.stringify(json))}\n` : lines.map((line) => `${printable(line)}\n`).join(''),
  );
  process.exitCode = exitCode;
}
