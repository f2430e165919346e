import { now } from './clock.js';
import { LONGEST_SLEEP, SHORTEST_SLEEP } from './patience.js';
import type { TokenSession } from './token-session.js';

/** Renews the token in time, for sockets that live by it and ask for none. @returns a function that ends it */
export function keepFresh(session: TokenSession): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = async (): Promise<void> => {
    let next = LONGEST_SLEEP;
    try {
      await session.token();
      const { renew_at: renewAt = Infinity } = (await session.read()) ?? {};
      next = Math.max(SHORTEST_SLEEP, Math.min(renewAt - now(), next));
    } catch {
      // The next turn, or whoever needs a token, tries again.
    }
    if (isOver) return;
    timer = setTimeout(() => void turn(), next);
  };
  void turn();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
