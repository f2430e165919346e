/** The event by which a client presents a fresh token, and by which it is answered. */
export const AUTHENTICATE = 'fastauth.authenticate';
/** The event that tells that the token was refreshed, and how long the new one is waited for. */
export const EXPIRING = 'fastauth.expiring';
/** The event before socket.io's `disconnect`. */
export const ENDED = 'fastauth.ended';
