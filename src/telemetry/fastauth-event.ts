/** What happened. Never holds a token, a key or a header value. Times are epoch seconds. */
export type FastauthEvent =
  | { readonly type: 'token.issued'; readonly clientId: string; readonly familyId: string }
  | { readonly type: 'token.refreshed'; readonly clientId: string; readonly familyId: string }
  /** A refresh token was used again after its time: it may have been stolen. The session is revoked. */
  | { readonly type: 'token.reused'; readonly clientId: string; readonly familyId: string }
  | { readonly type: 'session.revoked'; readonly clientId: string; readonly familyId: string }
  /** A new session of the client took this one's place. */
  | { readonly type: 'session.superseded'; readonly clientId: string; readonly familyId: string };
