import * as z from 'zod';
import { originFault } from './origin-fault.js';
import { text, wholeNumber } from './setting-forms.js';

/** The keys that are about sockets; part of {@link SETTINGS}. */
export const WEBSOCKET_SETTINGS = {
  /** How a WebSocket handshake is refused: a frame and close 1008, or 401 in answer to the upgrade. */
  websocketRefusal: z.enum(['close', 'unauthorized']).default('close').meta({
    expected: '"close" or "unauthorized"',
    description:
      'How a WebSocket handshake is refused: `close` (a text frame, then close 1008) or `unauthorized` (401 in answer to the upgrade).',
  }),
  /** Whether handshakes may carry the token in the query string, which ends up in logs. */
  websocketQueryToken: z.boolean().default(false).meta({
    expected: 'true or false',
    description:
      'Whether a WebSocket handshake may carry `access_token` in the query string, which ends up in logs.',
  }),
  /** Origins whose pages may open WebSockets, as browsers spell them; empty: all. */
  websocketOrigins: z.array(text(originFault)).default([]).meta({
    expected: 'a list of origins such as ["https://app.example.com"]',
    description:
      'Origins whose pages may open WebSockets; a browser on any other is refused. The own origin of the server is not included unless it is listed. Empty: all. Clients that send no `Origin` are no browsers and not concerned.',
  }),
  /** How long a socket whose token was refreshed has to present the new one; 0: not at all. */
  websocketReauthenticationGrace: z.number().min(0).max(60).default(0.4).meta({
    expected: 'a number of seconds from 0 to 60',
    description:
      'How many seconds a socket whose access token was refreshed has to present the new one before it is closed; `0`: none. Its guarded messages are refused meanwhile.',
  }),
  /** What a socket lives as long as. */
  websocketFollows: z.enum(['token', 'session']).default('token').meta({
    expected: '"token" or "session"',
    description:
      "What a socket lives as long as: the access token that it came by, or that token's session, whatever is refreshed meanwhile, for clients that refresh without telling their sockets.",
  }),
  /** Seconds between the pings of guarded sockets of ws; 0: none. */
  websocketHeartbeat: wholeNumber(0, 3600).default(30).meta({
    expected: 'a whole number of seconds from 0 to 3600',
    description:
      'How often, in seconds, guarded sockets of ws are pinged; one that has sent nothing since the last ping is cut. `0`: never. socket.io has its own `pingInterval`.',
  }),
} as const;
