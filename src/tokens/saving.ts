import { FastauthError, StoreUnavailableError, TokenNotSavedError } from '../errors.js';

/**
 * Waits for a pair to be saved. A store that is out of reach says so itself (503, retry later);
 * one that answered, but not that it saved, is the original's "Token not saved".
 */
export async function saving<T>(clientId: string, saved: Promise<T>): Promise<T> {
  try {
    return await saved;
  } catch (error) {
    const isRefusal =
      error instanceof StoreUnavailableError ? error.answered : !(error instanceof FastauthError);
    throw isRefusal ? new TokenNotSavedError(clientId, { cause: error }) : error;
  }
}
