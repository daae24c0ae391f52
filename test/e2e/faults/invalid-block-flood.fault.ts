/**
 * A peer that sends a thousand invalid proposals a second for a minute, and comes back as soon as it is cut off.
 * It is banned within seconds, before its blocks cost anybody a state transition; the chain keeps its pace and
 * the nodes their size.
 */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { fromHex } from "../../../chain/crypto/hash.ts";
import { Certificate, Proposal } from "../../../chain/types/block.ts";
import type { LocalNode } from "../../helpers/local-network.ts";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, pause, quantile } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { OutsidePeer } from "./harness/outside-peer.ts";
import { metricsOf } from "./harness/probe.ts";

const FLOOD_MS = Number(process.env.POML_FAULT_FLOOD_MS ?? 60_000);
const PER_SECOND = 1000;
const STEP_MS = 50;
/** The aim for the ban. */
const BAN_MS = 5_000;
/** Room for a busy machine; the aim is 1.2 of the pace without the flood. */
const MAX_SLOWDOWN = 2;
const MAX_GROWTH_MIB = 50;

describe("invalid block flood", function () {
  this.timeout(600_000 + 2 * FLOOD_MS);

  let net: FaultNetwork;
  let peer: OutsidePeer;

  before(async () => {
    net = await FaultNetwork.start();
    await net.untilHeight(2);
    peer = await OutsidePeer.start(net.local.genesisRoot);
  });
  after(async () => {
    await peer?.stop();
    await net?.stop();
  });

  it("gets its sender banned and costs the chain nothing", async function () {
    await net.guarded(async () => {
      const quiet = await paceOver(net, FLOOD_MS / 2);
      const rssBefore = await rssOf(net);
      const target = net.at(0);
      await peer.join(target, "proposals");
      const flood = new Flood(peer, target);
      const running = flood.run();
      const begin = performance.now();
      await until(() => !peer.isConnectedTo(target), BAN_MS, "ban");
      const bannedMs = performance.now() - begin;
      const flooded = await paceOver(net, FLOOD_MS);
      flood.isOver = true;
      await running;
      const growth = (await rssOf(net)).map((rss, index) => rss - (rssBefore[index] ?? 0));
      measured(this, {
        bannedMs,
        sent: flood.sent,
        returns: flood.refusedDials,
        quietP50Ms: quantile(quiet, 0.5),
        quietP99Ms: quantile(quiet, 0.99),
        floodedP50Ms: quantile(flooded, 0.5),
        floodedP99Ms: quantile(flooded, 0.99),
        growthMiB: Math.max(...growth),
      });
      expect(peer.isConnectedTo(target), "the peer is back").equal(false);
      expect(quantile(flooded, 0.5) / quantile(quiet, 0.5), "slowdown").most(MAX_SLOWDOWN);
      expect(Math.max(...growth), "growth of memory, MiB").most(MAX_GROWTH_MIB);
      await net.expectNoFork();
      await net.expectNoAccusations();
    });
  });
});

class Flood {
  sent = 0;
  refusedDials = 0;
  isOver = false;
  readonly #peer: OutsidePeer;
  readonly #target: LocalNode;

  constructor(peer: OutsidePeer, target: LocalNode) {
    this.#peer = peer;
    this.#target = target;
  }

  async run(): Promise<void> {
    const { height, headHash } = await this.#target.client.status();
    while (!this.isOver) {
      if (this.#peer.isConnectedTo(this.#target)) this.#burst(height + 1, fromHex(headHash));
      else await this.#return();
      await pause(STEP_MS);
    }
  }

  #burst(height: number, parent: Uint8Array): void {
    for (let index = 0; index < (PER_SECOND * STEP_MS) / 1000; index++) {
      this.#peer.host.publish("proposals", invalidProposal(height, parent)).catch(() => 0);
      this.sent++;
    }
  }

  async #return(): Promise<void> {
    try {
      await this.#peer.dial(this.#target);
    } catch {
      this.refusedDials++;
    }
  }
}

/** Well formed, of the right height and parent, with nobody's signature. */
function invalidProposal(height: number, parent: Uint8Array): Uint8Array {
  const { block } = Proposal.defaultValue();
  const header = { ...block.header, version: 1, height, parent, time: BigInt(Date.now()) };
  header.stateRoot = randomBytes(32);
  header.proposer = randomBytes(32);
  return Proposal.serialize({
    height,
    round: 0,
    validRound: 0,
    block: { ...block, header, parentCertificate: Certificate.defaultValue() },
    signature: randomBytes(64),
  });
}

/** Milliseconds from block to block while so much time passes. */
async function paceOver(net: FaultNetwork, ms: number): Promise<number[]> {
  const node = net.at(1);
  const { height: from } = await node.client.status();
  await pause(ms);
  const { height: to } = await node.client.status();
  const times: number[] = [];
  for (let height = Math.max(1, from); height <= to; height++) {
    times.push((await node.client.block(height)).header.time);
  }
  expect(times.length, "blocks meanwhile").greaterThan(2);
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}

function rssOf(net: FaultNetwork): Promise<number[]> {
  return Promise.all(net.running.map(async (node) => (await metricsOf(node)).rssMiB));
}
