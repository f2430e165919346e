import { Session } from 'node:inspector/promises';
import { sharesOf } from './profile-shares.js';

const session = new Session();

/** The CPU profiler of this process; a sample every 100 µs. */
export async function startProfile() {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
}

export async function stopProfile() {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return sharesOf(profile);
}
