/** What was to be done is done: stay away. @see RFC 6455 section 7.4.1 */
export const NORMAL_CLOSURE = 1000;
/** The server goes away: connect again. */
export const GOING_AWAY = 1001;
/** The token is not, or no longer, good; the reason of the close frame is the code. */
export const POLICY_VIOLATION = 1008;
export const INTERNAL_ERROR = 1011;
/** Nothing is wrong with the token: connect again later. @see IANA's registry of WebSocket close codes */
export const TRY_AGAIN_LATER = 1013;
