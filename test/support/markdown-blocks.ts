import { readFileSync } from 'node:fs';

/** A fenced block of code in a Markdown page. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** Page and line, for messages. */
  readonly place: string;
}

export function codeBlocks(page: string): readonly CodeBlock[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ 1: language = '', 2: code = '', index }) => ({
    language,
    code,
    place: `${page}:${text.slice(0, index).split('\n').length}`,
  }));
}
