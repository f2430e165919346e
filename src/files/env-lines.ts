/** The variables of a `.env` text, as every other reader of the file understands it. */
export async function parseEnv(text: string): Promise<Readonly<Record<string, string>>> {
  const { getDefaultParser } = await import('@nestjs/config');
  return getDefaultParser()(Buffer.from(text)) as Record<string, string>;
}

/**
 * An assignment as dotenv reads it: white space and `export` before the name, spaces around `=`, a value that may be
 * quoted over several lines, a comment behind. The groups are what stands before the name, and the name.
 */
const ASSIGNMENT =
  /^([^\S\r\n]*(?:export[^\S\r\n]+)?)([\w.-]+)(?:[^\S\r\n]*=[^\S\r\n]*|:[^\S\r\n]+)(?:'(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^#\r\n]*)[^\r\n]*$/gm;

/**
 * The text with `NAME=value` in place of every assignment to the name, or added at its end. All other bytes stay.
 * @throws TypeError for a value that the file cannot hold as it is; the value is not told
 */
export async function withAssignment(text: string, name: string, value: string): Promise<string> {
  const assignment = `${name}=${quoted(value)}`;
  let found = false;
  const replaced = text.replace(ASSIGNMENT, (line: string, before: string, other: string) => {
    if (other !== name) return line;
    // Readers take the last of several: one is left, so that none of them can be the old one.
    if (found) return `# ${name} stood here a second time`;
    found = true;
    return `${before}${assignment}`;
  });
  const written = found ? replaced : appended(text, assignment);
  if ((await parseEnv(written))[name] !== value) {
    throw new TypeError(
      `The value of ${name} cannot be written to a .env file so that it is read back the same`,
    );
  }
  return written;
}

function appended(text: string, assignment: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const separator = text === '' || text.endsWith('\n') ? '' : newline;
  return `${text}${separator}${assignment}${newline}`;
}

/** The value as it is where readers take it so, otherwise in the quotes that it does not hold. */
function quoted(value: string): string {
  if (/^[\w./+=:@%,~^-]*$/.test(value)) return value;
  // Within double quotes readers turn \n into a line end, so the others come first.
  const quote = ["'", '`', '"'].find((candidate) => !value.includes(candidate));
  return quote === undefined ? value : `${quote}${value}${quote}`;
}
