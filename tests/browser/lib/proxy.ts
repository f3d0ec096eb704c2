/** A TCP proxy before the hub whose connections can be cut and refused, as on a network that fails. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** One client's way to the hub. */
export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #refusing = false;
  /** Connections that reached the hub so far. */
  connections = 0;

  private constructor(target_port: number) {
    this.#server = createServer((client) => {
      if (this.#refusing) {
        client.destroy();
        return;
      }
      this.connections += 1;
      const hub = connect(target_port, '127.0.0.1');
      for (const [from, to] of [[client, hub], [hub, client]] as const) {
        this.#sockets.add(from);
        from.setNoDelay(true);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  /** Listens on a free port of the loopback interface. */
  static async start(target_port: number): Promise<Proxy> {
    const proxy = new Proxy(target_port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** Where clients find the hub through this proxy. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection and lets none through until {@link heal}. */
  cut(): void {
    this.#refusing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets connections through again. */
  heal(): void {
    this.#refusing = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
