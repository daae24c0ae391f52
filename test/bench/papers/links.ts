/**
 * Messages between the processes of a benchmark: TCP on loopback, each message as v8 writes it behind its length.
 * Delivery is what a network gives: in order while both live, and a message to a process that is gone is lost.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { deserialize, serialize } from "node:v8";

const LENGTH_BYTES = 4;
const MAX_BYTES = 1 << 20;

export interface Envelope {
  readonly from: number;
  readonly message: unknown;
}

export class Links {
  readonly #own: number;
  readonly #server: Server;
  readonly #onMessage: (envelope: Envelope) => void;
  readonly #sockets = new Map<number, Socket>();
  #ports: readonly number[] = [];

  private constructor(own: number, onMessage: (envelope: Envelope) => void) {
    this.#own = own;
    this.#onMessage = onMessage;
    this.#server = createServer({ noDelay: true }, (socket) => this.#receive(socket));
  }

  static async open(own: number, onMessage: (envelope: Envelope) => void): Promise<Links> {
    const links = new Links(own, onMessage);
    links.#server.listen(0, "127.0.0.1");
    await once(links.#server, "listening");
    return links;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param ports of all processes, by their number; connects to each, so that no message waits for that */
  async connect(ports: readonly number[]): Promise<void> {
    this.#ports = ports;
    const others = ports.flatMap((_, index) =>
      index === this.#own ? [] : [this.#socketTo(index)],
    );
    await Promise.all(others.map((socket) => (socket.connecting ? once(socket, "connect") : [])));
  }

  send(to: number, message: unknown): void {
    if (to === this.#own) {
      setImmediate(() => this.#onMessage({ from: this.#own, message }));
      return;
    }
    const body = serialize({ from: this.#own, message } satisfies Envelope);
    const frame = Buffer.alloc(LENGTH_BYTES + body.length);
    frame.writeUInt32LE(body.length);
    frame.set(body, LENGTH_BYTES);
    this.#socketTo(to).write(frame);
  }

  #socketTo(to: number): Socket {
    const before = this.#sockets.get(to);
    if (before !== undefined && !before.destroyed) return before;
    const port = this.#ports[to];
    if (port === undefined) throw new RangeError(`no process ${to}`);
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    // The other side is gone: what was sent is lost, and the next message tries again.
    socket.on("error", () => socket.destroy());
    this.#sockets.set(to, socket);
    return socket;
  }

  #receive(socket: Socket): void {
    let waiting: Buffer = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (part) => {
      waiting = waiting.length === 0 ? part : Buffer.concat([waiting, part]);
      while (waiting.length >= LENGTH_BYTES) {
        const length = waiting.readUInt32LE();
        if (length > MAX_BYTES) throw new RangeError(`a message of ${length} bytes`);
        if (waiting.length < LENGTH_BYTES + length) return;
        const body = waiting.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
        waiting = waiting.subarray(LENGTH_BYTES + length);
        this.#onMessage(deserialize(body) as Envelope);
      }
    });
  }
}
