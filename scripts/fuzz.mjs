// `npm run fuzz [seconds]`: the property tests of test/security/fuzz.spec.ts for so many seconds each (default: 60).
import { spawnSync } from 'node:child_process';

const seconds = Number(process.argv[2] ?? 60);
if (!(seconds > 0)) {
  console.error('npm run fuzz [-- SECONDS]');
  process.exit(2);
}
const { status } = spawnSync('npm', ['test', '--', 'test/security/fuzz.spec.ts'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, FUZZ_RUNS: '1000000000', FUZZ_SECONDS: String(seconds) },
});
process.exitCode = status ?? 1;
