import { type KeptPair, whole } from './kept-tokens.js';

/** Where tokens are kept: `localStorage`, `sessionStorage`, React Native's `AsyncStorage`, or three functions. */
export interface TokenStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

/** Keeps one pair for as long as the page or the process lives. */
export function memoryStorage(): TokenStorage {
  let kept: string | null = null;
  return {
    getItem: () => kept,
    setItem: (_key, value) => (kept = value),
    removeItem: () => (kept = null),
  };
}

/** @returns undefined where nothing is kept, or nothing of ours */
export async function readPair(storage: TokenStorage, key: string): Promise<KeptPair | undefined> {
  const text = await storage.getItem(key);
  try {
    return whole(JSON.parse(text as string) as KeptPair | null);
  } catch {
    return undefined;
  }
}
