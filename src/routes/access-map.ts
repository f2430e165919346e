import type { INestApplicationContext, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessPolicy } from '../access/access-policy.js';
import { ownCheckOf } from '../access/own-check.js';
import { Observation } from '../access/observation.js';
import { PathRules } from '../access/paths/path-rules.js';
import { PublicPaths } from '../access/paths/public-paths.js';
import { NONE, Requirement } from '../access/requirement.js';
import { findUnaskedHandlers } from '../access/unasked-handlers.js';
import { type AccessEntry, letsAnybodyIn, named } from './access-entry.js';
import { type CalledHandler, calledHandlers } from './called-handlers.js';
import { type RawRoute, RawRoutes } from './raw-routes.js';
import { type Route, RouteTable } from './route-table.js';
import { SocketPaths } from './startup-log.js';
import { type SocketPath, startupReport } from './startup-report.js';

/** Everything of an application that can be called from outside, and what of its guarding looks like a mistake. */
export interface AccessMap {
  readonly entries: readonly AccessEntry[];
  /** Path rules that match nothing that is known, each as a sentence. */
  readonly deadRules: readonly string[];
  /** What is asked for by a decorator or by default where it cannot be told that anybody asks, each as a sentence. */
  readonly unenforced: readonly string[];
}

/**
 * Lists every HTTP route, gateway, event, resolver, message pattern and raw route of an application with what it
 * requires and why. `app` must be initialized; nothing is called and nothing listens.
 *
 * @example
 * const app = await createApp();
 * await app.init();
 * console.log(accessMap(app).entries.filter(({ isOpen }) => isOpen));
 * @throws Error the application does not import `FastauthModule`
 */
export function accessMap(app: Pick<INestApplicationContext, 'get'>): AccessMap {
  const policy = app.get(AccessPolicy, { strict: false });
  const routes = app.get(RouteTable, { strict: false }).routes;
  const rules = app.get(PathRules, { strict: false });
  const sockets = app.get<SocketPaths>(SocketPaths, { strict: false }).socketPaths();
  const raw = app.get<RawRoutes>(RawRoutes, { strict: false });
  const publicPaths = app.get(PublicPaths, { strict: false });
  const modules = app.get(ModulesContainer, { strict: false });
  const handlers = calledHandlers(modules);
  const unasked = findUnaskedHandlers(modules, policy.defaultRequirement.isOpen);
  const rawRoutes = raw.rawRoutes();
  const { deadRules } = startupReport({
    routes,
    rules,
    accessOf: (route, pattern) => ({
      requirement: policy.requirementOfRoute({ ...route, patterns: [pattern] }),
      origins: [],
    }),
    gateways: sockets,
    others: rawRoutes,
  });
  return {
    entries: [
      ...routes.flatMap((route) => entriesOfRoute(route, policy)),
      ...sockets.map((socket) => entryOfSocket(socket, policy)),
      ...handlers.map((handler) => entryOfHandler(handler, policy, sockets)),
      ...rawRoutes.map((route) => entryOfRaw(route, policy, publicPaths)),
    ],
    deadRules,
    unenforced: [
      ...onlyObserved(app.get(Observation, { strict: false })),
      ...unasked.faults,
      ...unasked.warnings,
      ...raw.beforeEdge().map(beforeTheEdge),
      ...handlers.flatMap((handler) => byDefaultAlone(handler, policy)),
    ],
  };
}

function entriesOfRoute(route: Route, policy: AccessPolicy): readonly AccessEntry[] {
  const { controller, handlerName, method, hosts, versions, isVersionedByPath } = route;
  const isOwnEndpoint = policy.isEndpoint(controller, handlerName);
  const setting = isOwnEndpoint ? policy.openingSetting(controller, handlerName) : undefined;
  return route.patterns.map((pattern) => {
    const place = { ...route, patterns: [pattern] };
    return entry({
      kind: 'route',
      name: named(`${method} ${pattern}`, {
        host: hosts.join(', '),
        version: isVersionedByPath ? undefined : versions.join(', '),
      }),
      requirement: policy.requirementOfRoute(place),
      isMarkedPublic: setting === undefined && policy.saysOpen(controller, handlerName),
      isOwnEndpoint,
      ownCheck: isOwnEndpoint ? ownCheckOf(controller, handlerName) : undefined,
      origins: [
        ...(isOwnEndpoint ? ['own endpoint'] : []),
        ...(setting === undefined ? [] : [setting]),
        ...policy.originsOfRequirement(place),
      ],
      handler: `${controller.name}.${handlerName}`,
    });
  });
}

function entryOfSocket(socket: SocketPath, policy: AccessPolicy): AccessEntry {
  const { access, gateway } = socket;
  return entry({
    kind: 'gateway',
    name: nameOfSocket(socket),
    requirement: access.requirement,
    isMarkedPublic: gateway !== undefined && policy.classSaysOpen(gateway),
    isOwnEndpoint: false,
    origins: access.origins,
    handler: gateway?.name,
  });
}

function nameOfSocket(socket: SocketPath | undefined): string {
  return named(`WebSocket ${socket?.path ?? '/'}`, { port: socket?.port?.toString() });
}

function entryOfHandler(
  { kind, name, type, method }: CalledHandler,
  policy: AccessPolicy,
  sockets: readonly SocketPath[],
): AccessEntry {
  const place = { controller: type, handlerName: method, method: 'ALL', patterns: [] };
  const requirement = policy.requirementOfMethod(type, method);
  // Nobody sends a message whose handshake was refused.
  const handshake = kind === 'event' ? sockets.find(({ gateway }) => gateway === type) : undefined;
  return entry({
    kind,
    name: kind === 'event' ? `${nameOfSocket(handshake)} ${name}` : name,
    requirement: handshake ? requirement.and(handshake.access.requirement) : requirement,
    isMarkedPublic: policy.saysOpen(type, method),
    isOwnEndpoint: false,
    origins: [...new Set([...policy.originsOfRequirement(place), ...(handshake?.access.origins ?? [])])],
    handler: `${type.name}.${method}`,
  });
}

function entryOfRaw(
  { method, path, host }: RawRoute,
  policy: AccessPolicy,
  publicPaths: PublicPaths,
): AccessEntry {
  const httpMethod = method === 'ALL' ? undefined : method;
  const isOpened = publicPaths.opens(path);
  const byDefault = isOpened ? NONE : policy.defaultRequirement;
  const origins = policy.originsOfPath(path, httpMethod);
  return entry({
    kind: 'raw',
    name: named(`${method} ${path}`, { host }),
    requirement: Requirement.all([policy.requirementOfPattern(path, httpMethod), byDefault]),
    isMarkedPublic: isOpened,
    isOwnEndpoint: false,
    origins: [
      ...(byDefault.isOpen ? [] : ['default-access']),
      ...(isOpened ? ['public-paths'] : []),
      ...origins,
    ],
    handler: undefined,
  });
}

interface Found extends Omit<AccessEntry, 'requires' | 'isOpen'> {
  readonly requirement: Requirement;
  /** What it demands by itself, in words; undefined: nothing. */
  readonly ownCheck?: string | undefined;
}

function entry({ requirement, origins, ownCheck, ...told }: Found): AccessEntry {
  const isLeftOpen = letsAnybodyIn(requirement);
  const isOpen = isLeftOpen && ownCheck === undefined;
  const requires = (isLeftOpen && ownCheck) || requirement.describe();
  const reasons =
    origins.length > 0 ? origins : [told.isMarkedPublic ? 'decorator' : 'nothing asks for more'];
  return { ...told, requires, isOpen, origins: reasons };
}

function onlyObserved({ isOn, until }: Observation): readonly string[] {
  if (!isOn) return [];
  const date = new Date(until * 1000).toISOString();
  return [
    `Access is only observed until ${date} (enforcement: "observe"): what requires no master token lets in who sends nothing.`,
  ];
}

function beforeTheEdge(name: string): string {
  return `${name} stands before the edge: path rules and default-access are not asked of what it answers. Call useFastauthEdge() before it.`;
}

/** Nest asks no global guard in a microservice that does not inherit the application's configuration. */
function byDefaultAlone(
  { kind, name, type, method }: CalledHandler,
  policy: AccessPolicy,
): readonly string[] {
  if (kind !== 'message' || policy.isMethodDeclared(type as Type<unknown>, method)) return [];
  if (policy.defaultRequirement.isOpen) return [];
  return [
    `${name} of ${type.name} is guarded by default-access alone, which a microservice without inheritAppConfig does not ask. Put a decorator on it.`,
  ];
}
