/**
 * Clients that hold what they open: two thousand sockets on the API that send a header byte by byte (slowloris),
 * as many on the peer port that say nothing, more event readers than there is room for. Limits hold, others are
 * served, the chain goes on, and the sockets are gone soon after. (That a reader who does not read is dropped with
 * the cursor to resume from is tested on the server itself, in test/node/api/events.test.ts: a chain makes too few
 * events to fill the buffers of a kernel.)
 */
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { WebSocket } from "ws";
import { API_LIMITS } from "../../../node/api/limits.ts";
import type { LocalNode } from "../../helpers/local-network.ts";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, PATIENCE_MS, pause } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { metricsOf } from "./harness/probe.ts";

const SOCKETS = 2000;
const ROUND_MS = 1000;
/** Hostile clients come from the first loopback address, honest ones from another. */
const HONEST = "127.0.0.2";
const GONE_MS = 60_000;

describe("slow clients", function () {
  this.timeout(600_000);

  let net: FaultNetwork;

  before(async () => {
    net = await FaultNetwork.start();
    await net.untilHeight(2);
  });
  after(() => net?.stop());

  /** What the node itself holds at most beside what it held before; more wait in the kernel or are refused. */
  const limits = { api: API_LIMITS.connectionsPerAddress, p2p: 64 };
  for (const kind of ["api", "p2p"] as const) {
    it(`${SOCKETS} sockets on the ${kind} port`, async function () {
      await net.guarded(async () => {
        const target = net.at(0);
        const before = (await metricsOf(target)).openFiles;
        const sockets = await openSockets(target.ports[kind]);
        const held = sockets.filter((socket) => !isGone(socket)).length;
        const end = performance.now() + 10 * ROUND_MS;
        while (performance.now() < end) {
          if (kind === "api") for (const socket of sockets) if (!isGone(socket)) socket.write("a");
          await pause(ROUND_MS);
        }
        const during = await openFilesSeenBy(target);
        const tookMs = await net.untilBlocks(3);
        await until(() => sockets.every(isGone), GONE_MS, "end of all hostile sockets");
        const after = (await metricsOf(target)).openFiles;
        measured(this, {
          held,
          filesBefore: before,
          during,
          filesAfter: after,
          threeBlocksMs: tookMs,
        });
        expect(during - before, "files open meanwhile").most(limits[kind] + 30);
        expect(after - before, "files left open").most(50);
        expect(target.isRunning).equal(true);
        await net.expectNoAccusations();
      });
    });
  }

  it("more event readers than there is room for", async function () {
    await net.guarded(async () => {
      const target = net.at(0);
      const url = `${target.client.baseUrl.replace("http", "ws")}/v1/events`;
      const readers = Array.from(
        { length: API_LIMITS.eventClients + 16 },
        () => new WebSocket(url),
      );
      const closed = new Set<WebSocket>();
      for (const reader of readers) {
        reader.on("error", () => reader.terminate());
        reader.on("close", () => closed.add(reader));
      }
      // One address alone gets half of the places.
      const refused = readers.length - API_LIMITS.eventClients / 2;
      await until(() => closed.size >= refused, PATIENCE_MS, "refusal of those too many");
      await net.untilBlocks(2);
      measured(this, { readers: readers.length, refused: closed.size });
      expect(closed.size).equal(refused);
      for (const reader of readers) reader.terminate();
    });
  });
});

/** Each has said hello when this returns, or was refused. */
async function openSockets(port: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let index = 0; index < SOCKETS; index++) {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    socket.resume();
    socket.write("GET /v1/status HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ");
    sockets.push(socket);
    if (index % 100 === 99) await pause(20);
  }
  await pause(ROUND_MS);
  return sockets;
}

function isGone(socket: Socket): boolean {
  return socket.destroyed || (!socket.connecting && !socket.readable);
}

/** Read through another address, as an honest client is served meanwhile. */
function openFilesSeenBy({ ports }: LocalNode): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: "127.0.0.1",
        port: ports.api,
        path: "/metrics",
        localAddress: HONEST,
        timeout: 20_000,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve(Number(/^process_open_fds (\d+)/m.exec(text)?.[1])));
      },
    );
    asked.on("timeout", () => asked.destroy(new Error("an honest client was not served")));
    asked.on("error", reject);
    asked.end();
  });
}
