import type { SocketEnding } from './socket-ending.js';

/** How sockets of one library are spoken to. One object a library, so that a socket costs no functions of its own. */
export interface SocketKind<S extends object = object> {
  isOpen(socket: S): boolean;
  /** Sends an event in the form that Nest's adapter for the library gives events; not there where nothing can be told. */
  tell?(socket: S, event: string, data: object): void;
  /** Tells the reason and closes. */
  end(socket: S, ending: SocketEnding): void;
  /** Cuts the connection of a socket that does not answer the close. */
  cut(socket: S): void;
}

/** One that can be told things before it ends. */
export interface TalkativeSocketKind<S extends object = object> extends SocketKind<S> {
  tell(socket: S, event: string, data: object): void;
}
