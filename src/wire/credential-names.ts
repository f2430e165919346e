/** Headers, and whatever a transport has in their place, in lower case. */
export const ACCESS_TOKEN = 'access-token';
export const MASTER_TOKEN = 'master-token';
/** A master token, by which a refusal says why; outside of production. */
export const EXPLAIN = 'x-fastauth-explain';

/** The subprotocol by which a browser, which cannot set headers, announces that the next one is its token. */
export const BEARER_PROTOCOL = 'bearer';
