interface Scope {
  readonly BroadcastChannel?: new (name: string) => {
    addEventListener(type: 'message', listener: () => void): void;
    postMessage(message: unknown): void;
    close(): void;
    unref?(): void;
  };
  readonly addEventListener?: Listen;
  readonly removeEventListener?: Listen;
}
type Listen = (type: 'storage', listener: (event: { readonly key: string | null }) => void) => void;

export interface OtherTabs {
  /** That what is in storage changed. No token is sent: they look there themselves. */
  tell(): void;
  close(): void;
}

/** @param onChange another tab changed what is in storage under this name */
export function otherTabs(name: string, onChange: () => void): OtherTabs {
  const { BroadcastChannel, addEventListener, removeEventListener } = globalThis as Scope;
  const channel = BroadcastChannel && new BroadcastChannel(name);
  channel?.addEventListener('message', onChange);
  // Node: it alone shall not keep the process alive.
  channel?.unref?.();
  // For browsers without channels, and pages that write to storage themselves.
  const onStorage = ({ key }: { readonly key: string | null }): void => {
    if (!key || key === name) onChange();
  };
  addEventListener?.('storage', onStorage);
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no target
    tell: () => channel?.postMessage(0),
    close() {
      channel?.close();
      removeEventListener?.('storage', onStorage);
    },
  };
}
