import type { AbstractHttpAdapter } from '@nestjs/core';
import {
  contextsBelow,
  type FastifyLike,
  isHookOfNest,
  type RequestHook,
  requestHooksOf,
} from './fastify-instance.js';

type Register = (plugin: unknown, options?: unknown) => unknown;
type CorsPlugin = (instance: FastifyLike, options: unknown, done: (error?: Error) => void) => void;

/**
 * Makes the headers of `enableCors()` reach what is refused at the edge. Nest 11 registers `@fastify/cors`, whose hook
 * comes behind the edge's; Nest 12 runs that hook first by itself, and is left alone.
 */
export class FastifyCors {
  private readonly hooks = new Set<RequestHook>();

  constructor(
    private readonly adapter: AbstractHttpAdapter,
    private readonly instance: FastifyLike,
  ) {}

  /** @param before the hook of the edge */
  install(before: RequestHook): void {
    const adapter = this.adapter as AbstractHttpAdapter & { register: Register };
    const enableCors = adapter.enableCors.bind(adapter);
    adapter.enableCors = (...args: Parameters<typeof enableCors>) => {
      const { register } = adapter;
      // For this one call: other plugins stay behind the edge.
      adapter.register = (plugin, options) => register.call(adapter, this.leading(plugin, before), options);
      try {
        return enableCors(...args);
      } finally {
        adapter.register = register;
      }
    };
  }

  /** Whether a hook was added by `enableCors()`. */
  has(hook: RequestHook): boolean {
    return this.hooks.has(hook);
  }

  /** The plugin with its request hooks in front of the edge. */
  private leading(plugin: unknown, before: RequestHook): object {
    const load = async (instance: FastifyLike, options: unknown): Promise<void> => {
      const loaded = (await plugin) as CorsPlugin | { readonly default: CorsPlugin };
      const cors = typeof loaded === 'function' ? loaded : loaded.default;
      const seen = this.seenByPlugin(instance, before);
      await new Promise<void>((resolve, reject) => {
        cors(seen, options, (error) => (error ? reject(error) : resolve()));
      });
    };
    return Object.assign(load, {
      [Symbol.for('skip-override')]: true,
      [Symbol.for('fastify.display-name')]: '@fastify/cors',
    });
  }

  private seenByPlugin(instance: FastifyLike, before: RequestHook): FastifyLike {
    return new Proxy(instance, {
      get: (target, name) => {
        if (name === 'addHook') {
          return (hookName: 'onRequest', hook: RequestHook) => {
            if (hookName !== 'onRequest' || !this.lead(hook, before)) target.addHook(hookName, hook);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** Before middleware, too, since the edge is the first of that. */
  private lead(hook: RequestHook, before: RequestHook): boolean {
    const lists = [this.instance, ...contextsBelow(this.instance)].flatMap((context) => {
      const hooks = requestHooksOf(context);
      return hooks ? [hooks] : [];
    });
    for (const each of [hook, copyCorsHeaders]) this.hooks.add(each);
    for (const hooks of lists) {
      const index = hooks.findIndex((each) => each === before || isHookOfNest(each));
      hooks.splice(Math.max(index, 0), 0, hook, copyCorsHeaders);
    }
    return lists.length > 0;
  }
}

/** Fastify keeps headers until it answers; what answers on Node's response, as the edge does before middleware, has none of them. */
const copyCorsHeaders: RequestHook = (_request, reply, done) => {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined && (name === 'vary' || name.startsWith('access-control-')))
      reply.raw.setHeader(name, value);
  }
  done();
};
