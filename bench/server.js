// The server of one case, in a process of its own: the bare application on one port, the subject's on another,
// so that both see the same process, machine and moment.
import { getHeapStatistics } from 'node:v8';
import { answer } from './lib/answer.js';
import { get, listen, portOf, post } from './lib/nest-app.js';
import { startProfile, stopProfile } from './lib/profiler.js';

const { framework, subject, options } = JSON.parse(process.argv[2]);
const open = await listen(framework);
const { start } = await import(`./subjects/${subject}.js`);
const guarded = await start(framework, options);

const openRoute = () => ({
  port: portOf(open),
  requests: [options.posts ? post('/bench/pair', { text: 'x'.repeat(options.posts) }) : get('/bench/whoami')],
  ...(options.posts ? { expect: 201 } : {}),
});

const answers = {
  ready: () => ({
    // A subject may be compared with another route of its own.
    open: guarded.base ? { port: portOf(guarded.app), ...guarded.base } : openRoute(),
    guarded: { port: portOf(guarded.app), ...guarded.load },
    negatives: guarded.negatives ?? [],
  }),
  cost: () => {
    const { user, system } = process.cpuUsage();
    return { cpu: user + system, heap: getHeapStatistics().used_heap_size };
  },
  collect: () => globalThis.gc({ type: 'minor' }),
  heap: () => {
    for (let round = 0; round < 3; round++) globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  },
  'start-profile': startProfile,
  'stop-profile': stopProfile,
  call: ({ name, args = [] }) => guarded.calls[name](...args),
};

answer(answers, () =>
  Promise.race([
    Promise.all([open.close(), guarded.app.close()]),
    new Promise((resolve) => setTimeout(resolve, 1000)),
  ]),
);
