/** Why a text cannot be a path rule, as the end of a sentence; undefined if it can. */
export function pathRuleFault(text: string): string | undefined {
  if (text.trim() === '') return 'is empty; "/" guards everything';
  if (/\p{Cc}|%[01][0-9a-f]|%7f/iu.test(text)) return 'holds a control character';
  if (/:\w+\?/.test(text))
    return 'optional parameters are not for rules; a rule is a prefix, so leave the parameter out';
  if (/\([^)]*[*+\\|[\]][^)]*\)/.test(text))
    return 'looks like a regular expression; a rule is a prefix, in which "*" stands for one segment';
  if (/[?#]/.test(text)) return 'a rule is compared with the path only; leave out the query and the fragment';
  if (/[{}]/.test(text))
    return 'optional groups are not for rules; a rule is a prefix, so leave the group out';
  if (text.includes('://')) return 'is a URL; write its path only';
  if (/\S\s+\S/.test(text)) return 'holds white space, as no path does; write it as %20 if it is meant';
  return undefined;
}
