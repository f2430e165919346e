/** Where the bracketed expression ends that begins at `start`: behind its closing bracket, or the pattern's end. */
export function endOfExpression(pattern: string, start: number): number {
  let index = start;
  let depth = 0;
  do {
    const char = pattern.charAt(index++);
    if (char === '\\') index++;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
  } while (depth > 0 && index < pattern.length);
  return index;
}
