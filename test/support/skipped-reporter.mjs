// Jest reporter: says plainly at the end which tests did not run because something was missing on this machine. It reads
// the reason from the title, `name (skipped: reason)`, as test/support/services.ts writes it.
export default class SkippedReporter {
  onRunComplete(_contexts, { testResults }) {
    const counts = new Map();
    for (const { ancestorTitles, fullName, status } of testResults.flatMap((file) => file.testResults)) {
      if (status !== 'pending') continue;
      const reason = /\(skipped: (.+?)\)/.exec([...ancestorTitles, fullName].join(' '))?.[1];
      if (reason) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    for (const [reason, count] of counts) console.log(`Not run here, ${reason}: ${count} tests`);
  }
}
