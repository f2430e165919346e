/** Tells on standard error how far a long work is: one line that is rewritten on a terminal, a line a step elsewhere. */
export function progress(total) {
  const startedAt = performance.now();
  let done = 0;
  return (what, steps = 1) => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    const line = `[${Math.min(done, total)}/${total}] ${seconds} s: ${what}`;
    done += steps;
    process.stderr.write(
      process.stderr.isTTY ? `\r\x1b[K${line}${what === 'done' ? '\n' : ''}` : `${line}\n`,
    );
  };
}
