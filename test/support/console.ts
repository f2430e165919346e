import { type Answer, MASTER_TOKEN, type TestApp } from './app.js';

/** What a browser sends with what a page of the console's own origin fetches. */
export const OWN_PAGE = { 'sec-fetch-site': 'same-origin' } as const;

export function signIn(
  app: TestApp,
  token: string = MASTER_TOKEN,
  headers: Record<string, string> = OWN_PAGE,
  place = '/auth/console',
): Promise<Answer> {
  return app.post(`${place}/sign-in`, { master_token: token }, headers);
}

/** The `Cookie` header of who has signed in. */
export function cookieOf(answer: Answer): string {
  return answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
}

/** The headers of a page of the console whose user has signed in. */
export async function signedIn(app: TestApp, place?: string): Promise<Record<string, string>> {
  return { ...OWN_PAGE, cookie: cookieOf(await signIn(app, undefined, undefined, place)) };
}
