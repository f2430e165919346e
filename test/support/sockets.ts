import { WebSocket, type ClientOptions } from 'ws';

/** A ws client that keeps what it hears, so that nothing is missed between two awaits. */
export class TestSocket {
  readonly frames: string[] = [];
  closeCode: number | undefined;
  closeReason: string | undefined;
  /** Status of an answer that was no upgrade. */
  refusedWith: number | undefined;
  private readonly waiting = new Set<() => void>();

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => this.note(() => this.frames.push(String(data))));
    socket.on('close', (code, reason) =>
      this.note(() => {
        this.closeCode = code;
        this.closeReason = String(reason);
      }),
    );
    socket.on('unexpected-response', (_request, response) => {
      this.note(() => (this.refusedWith = response.statusCode));
      socket.terminate();
    });
    socket.on('error', () => this.note(() => undefined));
  }

  static open(url: string, options: ClientOptions & { protocols?: string[] } = {}): TestSocket {
    const { protocols, ...rest } = options;
    return new TestSocket(new WebSocket(url.replace(/^http/, 'ws'), protocols ?? [], rest));
  }

  /** The frame of that number, parsed where it is JSON. */
  async frame(index: number): Promise<unknown> {
    await this.until(() => this.frames.length > index, `frame ${index}`);
    const text = this.frames[index] ?? '';
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  async closed(): Promise<number | undefined> {
    await this.until(() => this.closeCode !== undefined, 'close');
    return this.closeCode;
  }

  async opened(): Promise<this> {
    await this.until(() => this.socket.readyState !== WebSocket.CONNECTING, 'open');
    return this;
  }

  send(message: string | object): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  close(): void {
    this.socket.terminate();
  }

  private note(change: () => unknown): void {
    change();
    for (const wake of this.waiting) wake();
  }

  private async until(isDone: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + 5000;
    while (!isDone()) {
      if (Date.now() > deadline) throw new Error(`The socket did not come to: ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        const wake = (): void => {
          clearTimeout(timer);
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
      });
    }
  }
}
