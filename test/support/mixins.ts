type AnyClass = abstract new () => object;

/** As the TypeScript handbook mixes classes. */
export function applyMixins(target: AnyClass, ...sources: readonly AnyClass[]): void {
  for (const { prototype } of sources) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
      if (descriptor && name !== 'constructor') Object.defineProperty(target.prototype, name, descriptor);
    }
  }
}

/** A class decorator that puts a proxy in the place of the class. */
export function InProxy(): ClassDecorator {
  return ((type: new () => object) => new Proxy(type, {})) as unknown as ClassDecorator;
}
