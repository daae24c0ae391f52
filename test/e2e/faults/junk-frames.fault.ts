/**
 * Eighty frames of the largest size a protocol takes, full of noise, from one peer to one node, beside as many
 * on raw WebSockets that never get past the handshake. Another peer's questions are answered all the while, and
 * the process lives.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { expect } from "chai";
import { WebSocket } from "ws";
import { MESSAGE } from "../../../p2p/protocols/message.ts";
import { requestOne } from "../../../p2p/protocols/request.ts";
import { exchangeStatus } from "../../../p2p/protocols/status.ts";
import type { LocalNode } from "../../helpers/local-network.ts";
import { FaultNetwork, pause, quantile } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { idOf, OutsidePeer } from "./harness/outside-peer.ts";
import { heightOf } from "./harness/probe.ts";

const FRAMES = 80;
const RAW_BYTES = 4 * 1024 * 1024;
const ASK_EVERY_MS = 600;
/** The aim (Bitcoin's for the same test). */
const PING_MS = 2_000;
/** Room for a machine that runs other things. */
const MAX_PING_MS = 10_000;

describe("junk frames", function () {
  this.timeout(600_000);

  let net: FaultNetwork;
  let honest: OutsidePeer;
  let hostile: OutsidePeer;

  before(async () => {
    net = await FaultNetwork.start();
    await net.untilHeight(2);
    honest = await OutsidePeer.start(net.local.genesisRoot);
    hostile = await OutsidePeer.start(net.local.genesisRoot);
  });
  after(async () => {
    await honest?.stop();
    await hostile?.stop();
    await net?.stop();
  });

  it("of the largest size hold up nobody else", async function () {
    await net.guarded(async () => {
      const target = net.at(0);
      await honest.join(target);
      await hostile.join(target);
      const from = await heightOf(target);
      const pings: number[] = [];
      let isOver = false;
      const asking = (async () => {
        while (!isOver) {
          pings.push(await pingMs(honest, target));
          await pause(ASK_EVERY_MS);
        }
      })();
      const [raw, sent] = await Promise.all([rawJunk(target), junk(hostile, target)]);
      await net.untilHeight(from + 4);
      isOver = true;
      await asking;
      measured(this, {
        framesTaken: sent,
        rawSocketsClosed: raw,
        pings: pings.length,
        pingP50Ms: quantile(pings, 0.5),
        pingMaxMs: Math.max(...pings),
        withinAim: Math.max(...pings) <= PING_MS,
      });
      expect(Math.max(...pings), "slowest answer").most(MAX_PING_MS);
      expect(raw, "raw sockets closed").equal(FRAMES);
      expect(honest.isConnectedTo(target), "the honest peer stays").equal(true);
      expect(hostile.isConnectedTo(target), "the hostile one does not").equal(false);
      expect(target.isRunning).equal(true);
      await net.expectNoAccusations();
    });
  });
});

async function pingMs({ host }: OutsidePeer, target: LocalNode): Promise<number> {
  const begin = performance.now();
  const { genesisRoot, height, headHash } = await target.client.status();
  const own = {
    version: 1,
    genesisHash: Buffer.from(genesisRoot, "hex"),
    headHash: Buffer.from(headHash, "hex"),
    height,
    lowest: 1,
  };
  await exchangeStatus(host, idOf(target), own);
  return performance.now() - begin;
}

/** @returns how many frames left before the node had enough */
async function junk(peer: OutsidePeer, target: LocalNode): Promise<number> {
  let sent = 0;
  for (; sent < FRAMES && peer.isConnectedTo(target); sent++) {
    const frame = randomBytes(MESSAGE.maxRequestBytes);
    frame[0] = 0xff;
    await requestOne(peer.host, idOf(target), MESSAGE, frame).catch(() => undefined);
  }
  return sent;
}

/** @returns how many sockets the node closed */
async function rawJunk({ ports }: LocalNode): Promise<number> {
  let closed = 0;
  for (let index = 0; index < FRAMES; index++) {
    const socket = new WebSocket(`ws://127.0.0.1:${ports.p2p}`);
    socket.on("error", () => socket.terminate());
    await Promise.race([once(socket, "open"), once(socket, "close")]);
    if (socket.readyState === WebSocket.OPEN) {
      const gone = once(socket, "close");
      socket.send(randomBytes(RAW_BYTES), () => undefined);
      await gone;
    }
    closed++;
  }
  return closed;
}
