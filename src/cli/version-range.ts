/** Whether a version is in a range as our package.json writes them: `^1.2.3` and `>=1.2`, with `||` between. */
export function isInRange(version: string, range: string): boolean {
  return range.split('||').some((part) => {
    const [, operator, floor = ''] = /^\s*(\^|>=)\s*([\d.]+)\s*$/.exec(part) ?? [];
    if (operator === undefined) return false;
    const [found, least] = [numbersOf(version), numbersOf(floor)];
    if (isBelow(found, least)) return false;
    // What `^` keeps is the first number that is not zero.
    return operator === '>=' || (found[0] === least[0] && (least[0] !== 0 || found[1] === least[1]));
  });
}

type Numbers = readonly [number, number, number];

function numbersOf(version: string): Numbers {
  const [major = 0, minor = 0, patch = 0] = version.replace(/^v/, '').split(/[.+-]/).map(Number);
  return [major, minor, patch];
}

function isBelow(a: Numbers, b: Numbers): boolean {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
