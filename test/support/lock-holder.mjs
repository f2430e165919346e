// Stops in the middle of a write to an LMDB folder, and so keeps its lock until it is let go on or ended.
import { open } from 'lmdb';

const [, , path = ''] = process.argv;
const root = open({ path, encoding: 'binary', keyEncoding: 'binary', maxDbs: 8, overlappingSync: false });
root.transactionSync(() => {
  process.stdout.write('held\n');
  process.kill(process.pid, 'SIGSTOP');
});
await root.close();
