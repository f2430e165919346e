// The server of bench:grants, on one core.
import { answer } from './lib/answer.js';

const { subject, ...options } = JSON.parse(process.argv[2]);
const { start } = await import(`./grants/${subject}.js`);
const { sessions, forget, close, ...server } = await start(options);

answer({ ready: () => server, sessions, forget, cpu: () => process.cpuUsage() }, close);
