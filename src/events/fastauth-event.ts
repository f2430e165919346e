/** What happened. Never holds a token, a key or a header value. Times are epoch seconds. */
export type FastauthEvent =
  | {
      readonly type: 'token.issued' | 'token.refreshed';
      readonly clientId: string;
      readonly familyId: string;
      /** Of the access token (RFC 6749 section 3.3); only where the session has a scope. */
      readonly scope?: string | undefined;
    }
  /** A refresh token was used again after its time: it may have been stolen. The session is revoked. */
  | {
      readonly type: 'token.reused';
      readonly clientId: string;
      readonly familyId: string;
      /** Of whoever used it; undefined where no request of ours brought it. */
      readonly address: string | undefined;
    }
  /** A spent refresh token was used again within `refresh-grace`, and answered with the pair that it was spent for. */
  | {
      readonly type: 'token.replayed';
      readonly clientId: string;
      readonly familyId: string;
      readonly address: string | undefined;
    }
  /** A token was presented to an endpoint, in a parameter, that is no good one: forged, spent, ended. */
  | {
      readonly type: 'token.refused';
      readonly endpoint: 'refresh' | 'revoke' | 'introspect' | 'client';
      readonly address: string | undefined;
    }
  /** Something was opened by a master token. On one connection told at most ten times a second. */
  | {
      readonly type: 'master.used';
      /** Of the master token, as in `master-tokens`. */
      readonly name: string;
      readonly address: string | undefined;
      /** How often on this connection since it was last told, this time included. */
      readonly uses: number;
    }
  | { readonly type: 'session.revoked'; readonly clientId: string; readonly familyId: string }
  /** A new session of the client took this one's place. */
  | { readonly type: 'session.superseded'; readonly clientId: string; readonly familyId: string }
  /** A request, a message or a handshake was refused; or, while that is only observed, would have been. */
  | {
      readonly type: 'access.denied' | 'access.would_deny';
      /** The machine code that the caller got, or would have got, such as `invalid_token`. */
      readonly code: string;
      /** Why, in the words that the caller got; where the store failed, also how. */
      readonly reason: string;
      /** By which the call came. */
      readonly transport: 'http' | 'websocket' | 'socket.io' | 'message';
      /** Of the request or the upgrade; undefined where none asked: of messages and namespaces. */
      readonly method: string | undefined;
      /** As sent, without the query, its first 256 characters; of socket.io the namespace; undefined of messages. */
      readonly path: string | undefined;
      /** What was needed: `access`, `master`, `access and master`. */
      readonly level: string;
      /** Of the token, where it was one of ours (expired, superseded, revoked, of too little scope) or what the socket came by. */
      readonly clientId: string | undefined;
      readonly familyId: string | undefined;
      /** The peer's IP address, as far as it is known. */
      readonly address: string | undefined;
    }
  /** Too many attempts failed; more are refused for a while. Told once, when that begins. */
  | {
      readonly type: 'access.limited';
      /** What was counted: wrong master tokens or bad tokens of one address, dead tokens of one client there. */
      readonly by: 'master' | 'token' | 'client';
      readonly address: string | undefined;
      /** For how long. */
      readonly seconds: number;
    }
  /** The configuration was read and holds. */
  | {
      readonly type: 'config.loaded';
      /** Scheme of `database-url`: the kind of store in use, unless the application brings its own; `none` in a resource server. */
      readonly store: string;
      /** What needs no rule to be guarded: `public`, `access`, `master`. */
      readonly defaultAccess: string;
    }
  /** This process signs with another key from now on. */
  | { readonly type: 'key.rotated'; readonly kid: string; readonly previousKid: string }
  /** This process does not accept tokens of this key any more. */
  | { readonly type: 'key.retired'; readonly kid: string };

/** An event with what ties it to a time and to a request. */
export type AuditRecord = FastauthEvent & {
  /** When it happened: epoch seconds, to the millisecond. */
  readonly at: number;
  /** The request's `X-Request-Id` or the trace id of its `traceparent`, or one made for it; undefined outside of requests. */
  readonly correlationId: string | undefined;
};
