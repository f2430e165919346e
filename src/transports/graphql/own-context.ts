type ContextFunction = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Gives each call a context with its own request. An application's function may answer with one object for all calls,
 * in which @nestjs/graphql 13 leaves the request of the first caller, whose token would then count for everybody.
 * @param given of the driver's options, once the driver has wrapped what the application gave
 */
export function withOwnContext(given: ContextFunction): ContextFunction {
  const seen = new WeakSet<object>();
  const own = (context: unknown, call: unknown): unknown => {
    if (typeof context !== 'object' || context === null) return context;
    if (!seen.has(context)) {
      seen.add(context);
      return context;
    }
    // Keeps the class of the context, as the copy that Apollo Server makes for each operation.
    const copy = Object.create(Object.getPrototypeOf(context) as object | null) as object;
    return Object.assign(copy, context, { req: requestOf(call) });
  };
  return function (this: unknown, ...args) {
    const context = given.apply(this, args);
    return context instanceof Promise
      ? context.then((value: unknown) => own(value, args[0]))
      : own(context, args[0]);
  };
}

/** What drivers call with: the request, something that has it, or the connection of graphql-ws. */
function requestOf(call: unknown): unknown {
  return (call as { readonly req?: unknown } | undefined)?.req ?? call;
}
