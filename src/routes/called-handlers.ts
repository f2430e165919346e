import type { Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { classOf, isClass } from '../access/handler-names.js';
import { type AccessEntryKind, named } from './access-entry.js';

/** A method that something else than a HTTP route calls. */
export interface CalledHandler {
  readonly kind: Extract<AccessEntryKind, 'event' | 'resolver' | 'message'>;
  /** What callers name it by. */
  readonly name: string;
  readonly type: Type<unknown>;
  readonly method: string;
}

/** Keys under which optional packages of Nest keep what their decorators say. */
const GATEWAY_MESSAGE = 'websockets:message_mapping';
const MESSAGE = 'message';
const RESOLVER_TYPE = 'graphql:resolver_type';
const RESOLVER_NAME = 'graphql:resolver_name';
const REFERENCE = 'graphql:resolve_reference';
const PROPERTY = 'graphql:resolve_property';
const PATTERN = 'microservices:pattern';
const TRANSPORT = 'microservices:transport';
/** Of `Transport`, in its order. */
const TRANSPORTS = ['TCP', 'REDIS', 'NATS', 'MQTT', 'GRPC', 'RMQ', 'KAFKA'];
const HANDLER_TYPE = 'microservices:handler_type';
/** Of `PatternHandler`: messages that nobody answers. */
const EVENT_PATTERN = 2;

/** Whether this handles messages of microservices that nobody answers. */
export function isEventHandler(handler: object): boolean {
  return Reflect.getMetadata(HANDLER_TYPE, handler) === EVENT_PATTERN;
}

/** The event handlers of gateways, the resolvers of GraphQL and the message patterns of microservices. */
export function calledHandlers(modules: ModulesContainer): readonly CalledHandler[] {
  const types = new Set<Type<unknown>>();
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype, instance, isFactory } of [...controllers.values(), ...providers.values()]) {
      const type: unknown = isClass(metatype) && !isFactory ? metatype : instanceClass(instance);
      if (isClass(type)) types.add(type);
    }
  }
  return [...types].flatMap(handlersOf);
}

function instanceClass(instance: unknown): unknown {
  return typeof instance === 'object' ? classOf(instance) : undefined;
}

function handlersOf(type: Type<unknown>): readonly CalledHandler[] {
  const prototype = type.prototype as object;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((method): CalledHandler[] => {
    const handler: unknown = Object.getOwnPropertyDescriptor(ownerOf(prototype, method), method)?.value;
    if (typeof handler !== 'function') return [];
    const read = (key: string): unknown => Reflect.getMetadata(key, handler);
    const called: CalledHandler[] = [];
    if (read(GATEWAY_MESSAGE)) called.push({ kind: 'event', name: textOf(read(MESSAGE)), type, method });
    const resolver = resolverName(type, method, read);
    if (resolver !== undefined) called.push({ kind: 'resolver', name: resolver, type, method });
    for (const pattern of listOf(read(PATTERN))) {
      const kind = isEventHandler(handler) ? 'event pattern' : 'message pattern';
      const transport = transportName(read(TRANSPORT));
      const name = named(`${kind} ${textOf(pattern)}`, { transport });
      called.push({ kind: 'message', name, type, method });
    }
    return called;
  });
}

/** Undefined where a pattern is for every transport. */
function transportName(transport: unknown): string | undefined {
  if (transport === undefined) return undefined;
  return typeof transport === 'number' ? (TRANSPORTS[transport] ?? String(transport)) : String(transport);
}

function resolverName(
  type: Type<unknown>,
  method: string,
  read: (key: string) => unknown,
): string | undefined {
  const kind = read(RESOLVER_TYPE);
  if (read(REFERENCE) !== undefined) return `${ownType(type) ?? type.name}.__resolveReference`;
  const isField = read(PROPERTY) !== undefined;
  if (kind === undefined && !isField) return undefined;
  const name = read(RESOLVER_NAME) ?? read(PROPERTY);
  const owner = isField ? (ownType(type) ?? type.name) : textOf(kind);
  return `${owner}.${typeof name === 'string' ? name : method}`;
}

/** The type whose fields a class resolves, where `@Resolver()` names it. */
function ownType(type: Type<unknown>): string | undefined {
  const name: unknown = Reflect.getMetadata(RESOLVER_NAME, type);
  return typeof name === 'string' ? name : undefined;
}

function ownerOf(prototype: object, method: string): object {
  let level = prototype;
  while (!Object.hasOwn(level, method)) {
    const above: unknown = Object.getPrototypeOf(level);
    if (typeof above !== 'object' || above === null) return prototype;
    level = above;
  }
  return level;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
