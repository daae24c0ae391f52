/**
 * A node that has lost its chain fetches it again while a peer lies to it: about its height, with blocks of noise,
 * with real blocks whose state root is another, or with nothing. It ends at the right root, and who sent
 * provable lies is cut off.
 */
import { randomBytes } from "node:crypto";
import { fromHex } from "../../../chain/crypto/hash.ts";
import { CertifiedBlock } from "../../../chain/types/block.ts";
import { requestBlocks, serveBlocks } from "../../../p2p/protocols/blocks.ts";
import { serveStatus } from "../../../p2p/protocols/status.ts";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, PATIENCE_MS, pause } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { idOf, OutsidePeer } from "./harness/outside-peer.ts";
import { heightOf } from "./harness/probe.ts";

const LIES = ["noise", "another state", "nothing"] as const;
type Lie = (typeof LIES)[number];
const AHEAD = 1000;
const HEIGHTS = 12;

describe("lying sync peer", function () {
  this.timeout(600_000);

  let net: FaultNetwork;

  before(async () => {
    net = await FaultNetwork.start();
    await net.untilHeight(HEIGHTS);
  });
  after(() => net?.stop());

  for (const lie of LIES) {
    it(`that serves ${lie}: the right chain all the same`, async function () {
      await net.guarded(async () => {
        const [source, victim] = [net.at(0), net.at(3)];
        const peer = await OutsidePeer.start(net.local.genesisRoot);
        try {
          await peer.join(source);
          const blocks = await fetchBlocks(peer, idOf(source));
          const liar = new Liar(peer, lie, blocks);
          await liar.serve(fromHex((await source.client.status()).genesisRoot));
          await victim.stop();
          const begin = performance.now();
          const dialing = keepDialing(peer, () => peer.dial(victim));
          try {
            await victim.start("--resync");
            const head = Math.max(...(await net.heads()));
            await until(
              async () => (await heightOf(victim)) > head,
              PATIENCE_MS,
              "its chain again",
            );
          } finally {
            await dialing.stop();
          }
          const tookMs = performance.now() - begin;
          await net.expectNoFork();
          const wasCaught = liar.asked > 0 && lie !== "nothing";
          if (wasCaught) {
            await until(
              () => !peer.isConnectedTo(victim),
              PATIENCE_MS,
              "end of the liar's connection",
            );
          }
          measured(this, { tookMs, askedOfLiar: liar.asked, cutOff: !peer.isConnectedTo(victim) });
          await net.expectNoAccusations();
        } finally {
          await peer.stop();
        }
      });
    });
  }
});

class Liar {
  asked = 0;
  readonly #peer: OutsidePeer;
  readonly #lie: Lie;
  readonly #blocks: readonly Uint8Array[];

  constructor(peer: OutsidePeer, lie: Lie, blocks: readonly Uint8Array[]) {
    this.#peer = peer;
    this.#lie = lie;
    this.#blocks = blocks;
  }

  async serve(genesisHash: Uint8Array): Promise<void> {
    const { host } = this.#peer;
    const height = this.#blocks.length + AHEAD;
    const status = { version: 1, genesisHash, height, headHash: randomBytes(32), lowest: 1 };
    await serveStatus(host, { status: () => status });
    const answer = (from: number, count: number): AsyncIterable<Uint8Array> =>
      this.#answer(from, count);
    await serveBlocks(host, answer);
  }

  async *#answer(from: number, count: number): AsyncGenerator<Uint8Array> {
    this.asked++;
    if (this.#lie === "nothing") return;
    for (let height = from; height < from + count; height++) {
      const bytes = this.#blocks[height - 1];
      if (this.#lie === "noise" || bytes === undefined) yield randomBytes(800);
      else yield withAnotherState(bytes);
    }
  }
}

function withAnotherState(bytes: Uint8Array): Uint8Array {
  const certified = CertifiedBlock.deserialize(bytes);
  certified.block.header.stateRoot = randomBytes(32);
  return CertifiedBlock.serialize(certified);
}

async function fetchBlocks({ host }: OutsidePeer, from: string): Promise<Uint8Array[]> {
  const blocks: Uint8Array[] = [];
  for await (const bytes of requestBlocks(host, from, { from: 1, count: HEIGHTS }))
    blocks.push(bytes);
  return blocks;
}

/** The victim does not know the liar: the liar comes to it, as soon as it is there. */
function keepDialing(peer: OutsidePeer, dial: () => Promise<unknown>): { stop(): Promise<void> } {
  let isOver = false;
  const running = (async () => {
    while (!isOver && peer.host.peers().length < 2) {
      await dial().catch(() => undefined);
      await pause(100);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
    },
  };
}
