/** Kept by the load generator, each with one request under way. */
export const CONNECTIONS = 32;
