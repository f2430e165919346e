import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { AccessPolicy } from '../access/access-policy.js';
import { PathRules } from '../access/paths/path-rules.js';
import { RouteMatcher } from './route-matcher.js';
import { RouteTable } from './route-table.js';
import { startupReport, type SocketPath } from './startup-report.js';

/** Where sockets connect to, as the transport that serves them knows. */
export abstract class SocketPaths {
  abstract socketPaths(): readonly SocketPath[];
}

/** Says once, when the application starts, what is guarded and what of the path rules looks like a mistake. */
@Injectable()
export class StartupLog implements OnApplicationBootstrap {
  private readonly logger = new Logger('Fastauth');

  constructor(
    private readonly routes: RouteTable,
    private readonly rules: PathRules,
    private readonly policy: AccessPolicy,
    private readonly matcher: RouteMatcher,
    @Inject(SocketPaths) private readonly gateways: SocketPaths,
  ) {}

  onApplicationBootstrap(): void {
    const { warnings, guarded } = startupReport({
      routes: this.routes.routes,
      rules: this.rules,
      accessOf: (route, pattern) => ({
        requirement: this.policy.requirementOfRoute({ ...route, patterns: [pattern] }),
        origins: this.policy.originsOfRequirement({ ...route, patterns: [pattern] }),
      }),
      isMarkedPublic: ({ handlerName, controller }) =>
        this.policy.isMethodMarkedPublic(controller, handlerName),
      isReadable: (pattern) => this.policy.defaultRequirement.isOpen || this.matcher.isReadable(pattern),
      gateways: this.gateways.socketPaths(),
    });
    const shadowed = this.matcher.shadowedEndpoints(({ handlerName, controller }) =>
      this.policy.isEndpoint(controller, handlerName),
    );
    for (const line of guarded) this.logger.log(line);
    for (const line of [...warnings, ...shadowed]) this.logger.warn(line);
  }
}
