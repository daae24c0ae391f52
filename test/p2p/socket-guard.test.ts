/** Raw sockets against a host's listener. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { WebSocket } from "ws";
import { createHost, type Host } from "../../p2p/host.ts";
import { SILENT } from "../../p2p/log.ts";
import { until } from "../helpers/until.ts";

const HANDSHAKE_MS = 300;

describe("socket guard", () => {
  let host: Host;
  let port: number;
  const open: Socket[] = [];

  before(async () => {
    const options = { seed: randomBytes(32), network: "00".repeat(8) };
    host = await createHost({ ...options, timeouts: { dialMs: HANDSHAKE_MS } }, { log: SILENT });
    await host.start();
    port = Number(/tcp\/(\d+)/.exec(host.multiaddrs()[0] ?? "")?.[1]);
  });
  after(async () => {
    for (const socket of open) socket.destroy();
    await host.stop();
  });

  async function raw(): Promise<Socket> {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    open.push(socket);
    await once(socket, "connect");
    return socket;
  }

  it("closes a socket that says nothing", async () => {
    const socket = await raw();
    await until(() => socket.destroyed || socket.readableEnded || !socket.readable, 5000, "end");
  });

  it("closes a WebSocket that sends noise instead of a handshake", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    socket.on("error", () => socket.terminate());
    await once(socket, "open");
    socket.send(randomBytes(1000));
    await once(socket, "close");
  });

  it("outlives a malformed frame", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    socket.on("error", () => socket.terminate());
    await once(socket, "open");
    // Reserved bits set, unmasked: nothing a client may send.
    (socket as unknown as { _socket: Socket })._socket.write(Uint8Array.of(0xff, 0x01, 0x00));
    await new Promise((resolve) => socket.once("close", resolve));
  });

  it("accepts no message larger than the largest of its own", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    socket.on("error", () => socket.terminate());
    await once(socket, "open");
    socket.send(randomBytes(1024 * 1024), () => undefined);
    const code = await new Promise((resolve) => socket.once("close", resolve));
    expect([1006, 1009]).to.include(code);
  });

  it("limits how many sockets without a connection one address may hold", async () => {
    const sockets = await Promise.all(Array.from({ length: 100 }, raw));
    const isGone = (socket: Socket): boolean => socket.destroyed || !socket.readable;
    await until(() => sockets.filter(isGone).length >= 30, 5000, "refusal of many");
    await until(() => sockets.every(isGone), 5000, "end of all");
  });
});
