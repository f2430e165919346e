import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { AccessPolicy } from './access-policy.js';
import type { GuardPlaces } from './guard-places.js';
import type { PathRules } from './path-rules.js';
import type { Route, RouteTable } from './route-table.js';
import { startupReport, type SocketPath } from './startup-report.js';

/** Says once, when the application starts, what is guarded and what of the path rules looks like a mistake. */
export class StartupLog implements OnApplicationBootstrap {
  private readonly logger = new Logger('Fastauth');

  constructor(
    private readonly routes: RouteTable,
    private readonly rules: PathRules,
    private readonly policy: AccessPolicy,
    private readonly gateways: () => readonly SocketPath[],
    /** Where guards stand; undefined where one stands before all routes. */
    private readonly guards: GuardPlaces | undefined,
  ) {}

  onApplicationBootstrap(): void {
    const { warnings, guarded } = startupReport({
      routes: this.routes.routes,
      rules: this.rules,
      accessOf: ({ handler, controller }, pattern) => ({
        demand: this.policy.demandOfRoute(handler, controller, [pattern]),
        origins: this.policy.originsOfDemand(handler, controller, [pattern]),
      }),
      isAsked: (route, pattern) => this.isAsked(route, pattern),
      gateways: this.gateways(),
    });
    for (const line of guarded) this.logger.log(line);
    for (const line of warnings) this.logger.warn(line);
  }

  /**
   * Path rules are asked by the edge, all else by a guard. Under `default-access` the edge asks for handlers, too, but
   * not where an open one has the same path, so it stands for no guard.
   */
  private isAsked(route: Route, pattern: string): boolean {
    if (this.guards === undefined || this.guards.standBefore(route)) return true;
    const declared = this.policy.demandOfHandler(route.handler, route.controller);
    return (this.policy.demandOfPattern(pattern) & declared) === declared;
  }
}
