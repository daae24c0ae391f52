/**
 * Three nodes of four turn Byzantine one after another: one signs every prevote twice, one every precommit, one
 * its proposals. Whoever sees both messages makes evidence of them; within a few heights it stands in a block,
 * the node is slashed once, and nobody else ever is.
 */
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { LocalNode } from "../../helpers/local-network.ts";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, PATIENCE_MS } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { heightOf } from "./harness/probe.ts";

const EQUIVOCATOR = fileURLToPath(new URL("./mains/equivocator.ts", import.meta.url));
const KINDS = ["prevote", "precommit", "proposal"] as const;
const MAX_HEIGHTS = 5;

interface Found {
  /** Of the block with the evidence. */
  readonly height: number;
  /** Of the fault. */
  readonly faultHeight: number;
  readonly node: number;
  readonly kind: string;
}

describe("equivocator", function () {
  this.timeout(600_000);

  let net: FaultNetwork;

  before(async () => {
    net = await FaultNetwork.start({
      mains: Object.fromEntries(KINDS.map((_, index) => [index, EQUIVOCATOR])),
      env: Object.fromEntries(KINDS.map((kind, index) => [index, { EQUIVOCATES: kind }])),
    });
    await net.untilHeight(2);
  });
  after(() => net?.stop());

  KINDS.forEach((kind, index) => {
    it(`of ${kind}s: caught, slashed once, and nobody else`, async function () {
      await net.guarded(async () => {
        const honest = net.at(3);
        const liar = net.at(index);
        const bondBefore = BigInt((await honest.client.node(liar.publicKey)).bond);
        const from = await heightOf(honest);
        liar.signal("SIGUSR2");
        const isSlashed = async (): Promise<boolean> =>
          (await honest.client.node(liar.publicKey)).slashedAt !== undefined;
        await until(isSlashed, PATIENCE_MS, `slashing of ${liar.name}`);
        const bondAfter = BigInt((await honest.client.node(liar.publicKey)).bond);
        expect(bondAfter < bondBefore, "its bond shrinks").equal(true);

        await net.untilBlocks(MAX_HEIGHTS);
        const found = await evidenceIn(honest, from);
        expect(found.map(({ node }) => node)).eql([index]);
        const [{ height = 0, faultHeight = 0, kind: proof = "" } = {}] = found;
        expect(proof).equal(kind === "proposal" ? "duplicate-proposal" : "duplicate-vote");
        expect(height - faultHeight, "heights from fault to block").most(MAX_HEIGHTS);
        const { nodes } = await honest.client.nodes();
        const slashed = nodes.filter(({ slashedAt }) => slashedAt !== undefined);
        expect(slashed.map((each) => each.index)).eql([...Array(index + 1).keys()]);
        await net.expectNoFork(net.running, from);
        measured(this, {
          faultHeight,
          height,
          heights: height - faultHeight,
          lost: String(bondBefore - bondAfter),
        });
      });
    });
  });
});

async function evidenceIn(node: LocalNode, from: number): Promise<Found[]> {
  const found: Found[] = [];
  const head = await heightOf(node);
  for (let height = from; height <= head; height++) {
    for (const piece of (await node.client.block(height)).evidence) {
      found.push({ height, faultHeight: piece.height ?? -1, node: piece.node, kind: piece.kind });
    }
  }
  return found;
}
