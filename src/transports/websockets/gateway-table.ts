import { Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { AccessPolicy } from '../../access/access-policy.js';
import { NONE, Requirement } from '../../access/requirement.js';
import type { SocketPath } from '../../routes/startup-report.js';

// The keys under which @nestjs/websockets, an optional dependency, keeps what its decorators say.
const IS_GATEWAY = 'websockets:is_gateway';
const IS_MESSAGE_HANDLER = 'websockets:message_mapping';
const OPTIONS = 'websockets:gateway_options';
const PORT = 'port';

type Namespace = string | RegExp | ((...args: never[]) => unknown);

/** A class marked `@WebSocketGateway()`. */
export interface Gateway {
  readonly metatype: Type<unknown>;
  /** 0: the application's own port. */
  readonly port: number;
  /** With a leading slash and without a trailing one; `/` where none is given. */
  readonly path: string;
  /** Of socket.io; undefined: the main one. */
  readonly namespace: Namespace | undefined;
  /** What its decorators, or the default, ask of a handshake. */
  readonly requirement: Requirement;
  /** All that one or other of its messages asks. */
  readonly requirementOfMessages: Requirement;
}

/** The gateways of the application; before it is bootstrapped, as they are at the moment. */
@Injectable()
export class GatewayTable implements OnApplicationBootstrap {
  readonly #modules: ModulesContainer;
  private listed: readonly Gateway[] | undefined;

  constructor(
    modules: ModulesContainer,
    private readonly policy: AccessPolicy,
  ) {
    this.#modules = modules;
  }

  onApplicationBootstrap(): void {
    this.listed = this.list();
  }

  get gateways(): readonly Gateway[] {
    return this.listed ?? this.list();
  }

  /** Those that share a server. */
  servedAt(port: number, path: string | undefined): readonly Gateway[] {
    const normalized = normalizePath(path);
    return this.gateways.filter((gateway) => gateway.port === port && gateway.path === normalized);
  }

  /** As the log at start tells them. */
  socketPaths(): readonly SocketPath[] {
    return this.gateways.map(({ metatype, port, path, namespace, requirement }) => {
      const name = typeof namespace === 'string' ? `/${namespace}`.replace('//', '/') : undefined;
      const paths = name === undefined ? [path] : [path, name];
      return {
        path: name ?? path,
        port: port === 0 ? undefined : port,
        gateway: metatype,
        access: {
          requirement: Requirement.all([
            requirement,
            this.policy.requirementOfPattern(path, 'GET'),
            name === undefined ? NONE : this.policy.requirementOfTarget(name, 'GET'),
          ]),
          origins: this.policy.originsOfRequirement({ controller: metatype, method: 'GET', patterns: paths }),
        },
      };
    });
  }

  private list(): readonly Gateway[] {
    const gateways = new Map<unknown, Gateway>();
    for (const { providers } of this.#modules.values()) {
      for (const { metatype } of providers.values()) {
        if (isGateway(metatype)) gateways.set(metatype, this.gatewayOf(metatype));
      }
    }
    return [...gateways.values()];
  }

  private gatewayOf(metatype: Type<unknown>): Gateway {
    const options = (Reflect.getMetadata(OPTIONS, metatype) ?? {}) as {
      path?: string;
      namespace?: Namespace;
    };
    const prototype = metatype.prototype as Record<string, unknown>;
    const handlers = new MetadataScanner().getAllMethodNames(prototype).filter((name) => {
      const method = prototype[name];
      return typeof method === 'function' && Reflect.hasMetadata(IS_MESSAGE_HANDLER, method);
    });
    return {
      metatype,
      port: (Reflect.getMetadata(PORT, metatype) as number | undefined) ?? 0,
      path: normalizePath(options.path),
      namespace: options.namespace,
      requirement: this.policy.requirementOfClass(metatype),
      requirementOfMessages: Requirement.all(
        handlers.map((handler) => this.policy.requirementOfMethod(metatype, handler)),
      ),
    };
  }
}

/** As the adapters understand the path of a gateway. */
export function normalizePath(path: string | undefined): string {
  return `/${path ?? ''}`.replaceAll(/\/+/g, '/').replace(/(?<=.)\/$/, '');
}

function isGateway(metatype: unknown): metatype is Type<unknown> {
  return typeof metatype === 'function' && Reflect.hasMetadata(IS_GATEWAY, metatype);
}
