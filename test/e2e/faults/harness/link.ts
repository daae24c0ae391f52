/**
 * The way from one node to another: a listener on loopback that carries every connection it takes to the
 * other's real port, under conditions that may change at any time. A cut link either falls silent, as when
 * packets are dropped, or resets what it carries and refuses more, as when a host goes away.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Random } from "../../../sim/random.ts";
import { CLEAR, type LinkConditions, Pipe } from "./pipe.ts";

export type CutMode = "silence" | "reset";

interface Carried {
  readonly sockets: readonly [Socket, Socket];
  readonly pipes: readonly [Pipe, Pipe];
}

export class Link {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #random: Random;
  readonly #carried = new Set<Carried>();
  /** Connections that came while the link was silent; they reach nobody before it heals. */
  readonly #waiting = new Set<Socket>();
  #conditions: LinkConditions = CLEAR;
  #cut: CutMode | undefined;

  private constructor(server: Server, targetPort: number, random: Random) {
    this.#server = server;
    this.#targetPort = targetPort;
    this.#random = random;
    server.on("connection", (socket: Socket) => this.#accept(socket));
  }

  static async open(targetPort: number, random: Random): Promise<Link> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Link(server, targetPort, random);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections it carries now. */
  get connections(): number {
    return this.#carried.size;
  }

  shape(conditions: Partial<LinkConditions>): void {
    this.#conditions = { ...CLEAR, ...conditions };
  }

  cut(mode: CutMode): void {
    this.#cut = mode;
    if (mode === "reset") this.#resetAll();
    else for (const { pipes } of this.#carried) for (const pipe of pipes) pipe.cut();
  }

  heal(): void {
    this.#cut = undefined;
    for (const { pipes } of this.#carried) for (const pipe of pipes) pipe.heal();
    for (const socket of this.#waiting) this.#carry(socket);
    this.#waiting.clear();
  }

  async close(): Promise<void> {
    this.#resetAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  #resetAll(): void {
    for (const { sockets } of this.#carried) for (const socket of sockets) socket.resetAndDestroy();
    for (const socket of this.#waiting) socket.resetAndDestroy();
    this.#waiting.clear();
  }

  #accept(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (this.#cut === "reset") socket.resetAndDestroy();
    else if (this.#cut === "silence") {
      this.#waiting.add(socket);
      socket.on("close", () => this.#waiting.delete(socket));
    } else this.#carry(socket);
  }

  #carry(near: Socket): void {
    const far = connect({ port: this.#targetPort, host: "127.0.0.1", allowHalfOpen: true });
    const modules = { random: this.#random, conditions: () => this.#conditions };
    const there = new Pipe([near, far], modules);
    const back = new Pipe([far, near], modules);
    const carried: Carried = { sockets: [near, far], pipes: [there, back] };
    this.#carried.add(carried);
    const drop = (): void => {
      this.#carried.delete(carried);
      there.close();
      back.close();
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("close", drop);
    }
    far.on("error", drop);
  }
}
