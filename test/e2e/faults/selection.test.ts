/**
 * The faults that would hurt most, in short form on one network, for every run of the tests. All of them, in full:
 * `npm run test:faults`.
 */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { WebSocket } from "ws";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, PATIENCE_MS } from "./harness/fault-network.ts";
import { answerOf } from "./harness/probe.ts";

const EQUIVOCATOR = fileURLToPath(new URL("./mains/equivocator.ts", import.meta.url));
const STANDSTILL_MS = 2_000;
const MAX_HEIGHTS = 5;

describe("faults, in short", function () {
  this.timeout(600_000);
  this.bail(true);

  let net: FaultNetwork;

  before(async () => {
    net = await FaultNetwork.start({
      mains: { 3: EQUIVOCATOR },
      env: { 3: { EQUIVOCATES: "precommit" } },
    });
    await net.untilHeight(1);
  });
  afterEach(function () {
    const test = this.currentTest;
    if (test?.err !== undefined) test.err = net.local.explained(test.err);
  });
  after(() => net?.stop());

  it("split two to two: nothing becomes final, then one chain goes on", async () => {
    const [a, b, c, d] = net.nodes as [never, never, never, never];
    net.mesh.split(
      [
        [a, b],
        [c, d],
      ],
      "silence",
    );
    const halted = await net.expectStandstill(net.nodes, STANDSTILL_MS);
    expect(Math.max(...halted) - Math.min(...halted), "halves apart by").most(1);
    expect(await answerOf(a, "/v1/blocks/1"), "reads").equal(200);
    net.mesh.heal();
    await net.untilHeight(Math.max(...halted) + 2);
    await net.expectNoFork();
    await net.expectNoAccusations();
  });

  it("a stranger's malformed frame ends its connection, not the node", async () => {
    const target = net.at(0);
    const stranger = new WebSocket(`ws://127.0.0.1:${target.ports.p2p}`);
    stranger.on("error", () => stranger.terminate());
    await once(stranger, "open");
    const closed = new Promise((resolve) => stranger.once("close", resolve));
    stranger.send(new Uint8Array(1024 * 1024), () => undefined);
    await closed;
    await net.untilBlocks(1);
    expect(target.isRunning).equal(true);
  });

  it("an equivocator is slashed within a few heights, and nobody else", async () => {
    const [honest, liar] = [net.at(0), net.at(3)];
    liar.signal("SIGUSR2");
    let slashedAt: number | undefined;
    const isSlashed = async (): Promise<boolean> => {
      slashedAt = (await honest.client.node(liar.publicKey)).slashedAt;
      return slashedAt !== undefined;
    };
    await until(isSlashed, PATIENCE_MS, `slashing of ${liar.name}`);
    const { evidence } = await honest.client.block(slashedAt ?? 0);
    expect(evidence.map(({ node, kind }) => ({ node, kind }))).eql([
      { node: 3, kind: "duplicate-vote" },
    ]);
    expect((slashedAt ?? 0) - (evidence[0]?.height ?? 0), "heights later").most(MAX_HEIGHTS);
    const { nodes } = await honest.client.nodes();
    expect(nodes.filter((node) => node.slashedAt !== undefined)).lengthOf(1);
    await net.expectNoFork();
  });
});
