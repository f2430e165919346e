import { ConfigError } from '../errors.js';

/** The store was reached and refuses to be used as it is configured: a start that fails, rather than one that waits. */
export class StoreRefusal extends ConfigError {}
