/**
 * The network falls apart. Split two to two, nothing may become final on either side; split three to one, the
 * majority goes on while the one says that it does not follow, and still answers who reads. After the links
 * heal, all go on as one chain within a few block times.
 */
import { expect } from "chai";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, PATIENCE_MS, pause } from "./harness/fault-network.ts";
import type { CutMode } from "./harness/link.ts";
import { measured } from "./harness/measured.ts";
import { answerOf, heightOf, isReady } from "./harness/probe.ts";

const SPLIT_MS = 10_000;
/** The aim is three block times; this is room for a machine that does other things. */
const RESUME_MS = 20_000;

describe("partition", function () {
  this.timeout(600_000);

  let net: FaultNetwork;

  before(async () => {
    net = await FaultNetwork.start();
    await net.untilHeight(3);
  });
  after(() => net?.stop());

  for (const mode of ["silence", "reset"] satisfies CutMode[]) {
    it(`two to two, links ${mode}: both halves stand still, then go on`, async function () {
      await net.guarded(async () => {
        const [a, b, c, d] = net.nodes as [never, never, never, never];
        net.mesh.split(
          [
            [a, b],
            [c, d],
          ],
          mode,
        );
        const halted = await net.expectStandstill();
        expect(Math.max(...halted) - Math.min(...halted), "halves apart by").most(1);
        await until(async () => !(await isReady(a)) && !(await isReady(d)), PATIENCE_MS, "503");
        expect(await answerOf(a, "/v1/blocks/1"), "reads").equal(200);
        measured(this, await heal(net, halted));
        await net.expectNoFork();
        await net.expectNoAccusations();
      });
    });
  }

  it("three to one: the majority goes on, the one serves reads and is not ready", async function () {
    await net.guarded(async () => {
      const [lonely, ...majority] = net.nodes;
      if (lonely === undefined) throw new RangeError("no nodes");
      net.mesh.split([[lonely], majority], "silence");
      const from = Math.max(...(await net.heads(majority)));
      await pause(SPLIT_MS);
      const made = Math.min(...(await net.heads(majority))) - from;
      expect(made, "blocks of the majority meanwhile").greaterThan(2);
      const halted = await net.expectStandstill([lonely]);
      await until(async () => !(await isReady(lonely)), PATIENCE_MS, "503");
      expect(await answerOf(lonely, `/v1/blocks/${halted[0]}`), "reads").equal(200);
      for (const node of majority) expect(await isReady(node), node.name).equal(true);
      measured(this, { made, ...(await heal(net, await net.heads())) });
      await net.expectNoFork();
      await net.expectNoAccusations();
    });
  });
});

/** @returns time until every node had a block none had before, also in block times */
async function heal(net: FaultNetwork, halted: readonly number[]): Promise<Record<string, number>> {
  const begin = performance.now();
  net.mesh.heal();
  const target = Math.max(...halted) + 1;
  await until(
    async () => (await Promise.all(net.nodes.map(heightOf))).every((height) => height >= target),
    RESUME_MS,
    "new block on every node",
  );
  const resumedMs = performance.now() - begin;
  const { parameters } = await net.at(0).client.status();
  return { resumedMs, blockTimes: resumedMs / parameters.blockIntervalMs };
}
