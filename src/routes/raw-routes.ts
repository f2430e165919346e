/** A route that was added to the Express or Fastify instance itself, past Nest. */
export interface RawRoute {
  /** `GET`, `POST`, ..., or `ALL`. */
  readonly method: string;
  readonly path: string;
  /** The host that Fastify binds it to; undefined where it answers on every host. */
  readonly host?: string | undefined;
}

/** What the framework below Nest serves by itself, as the transport knows. */
export abstract class RawRoutes {
  /** Its routes, without those of controllers. */
  abstract rawRoutes(): readonly RawRoute[];

  /** Names of what stands before the edge, where no path rule and no `default-access` is asked. */
  abstract beforeEdge(): readonly string[];
}
