/** `--name=value`: the value; `--name`: true; otherwise false. */
export function flag(name) {
  const found = process.argv.find(
    (argument) => argument === `--${name}` || argument.startsWith(`--${name}=`),
  );
  return found?.includes('=') ? found.slice(found.indexOf('=') + 1) : found !== undefined;
}
