/**
 * One node of four has a wrong clock. A second changes nothing. Half a minute ahead, its proposals are refused
 * and counted while its votes still make quorums; half a minute behind, it refuses those of the others. A jump
 * of an hour, in the middle of a height, is no worse: no timer depends on the wall clock.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { FaultNetwork, mean } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { metricsOf } from "./harness/probe.ts";

const SKEWED = fileURLToPath(new URL("./mains/skewed-clock.ts", import.meta.url));
const HEIGHTS = 16;
const HOUR_MS = 3_600_000;

describe("clock skew", function () {
  this.timeout(600_000);

  let net: FaultNetwork;

  before(async () => {
    net = await FaultNetwork.start({
      mains: { 0: SKEWED },
      // Refused proposals are skipped turns; weights are not what is tested here.
      parameters: { skipPenalty: 0n, skipShare: 0 },
    });
    await net.untilHeight(1);
  });
  after(() => net?.stop());

  /** Sets the clock of node 0. @returns what the blocks after the next one show */
  async function observe(offsetMs: number) {
    const skewed = net.at(0);
    await writeFile(join(skewed.dataDir, "clock-offset"), String(offsetMs));
    skewed.signal("SIGUSR2");
    await net.untilBlocks(2);
    return watch(net);
  }

  for (const offsetMs of [1000, -1000]) {
    it(`of ${offsetMs} ms: no effect`, async function () {
      await net.guarded(async () => {
        const seen = await observe(offsetMs);
        measured(this, seen);
        expect(seen.refusedByOthers).equal(0);
        expect(seen.refusedByIt).equal(0);
        expect(seen.proposedByIt, "its blocks").greaterThan(0);
      });
    });
  }

  it("of 30 s ahead: its proposals are refused, its votes count", async function () {
    await net.guarded(async () => {
      const seen = await observe(30_000);
      measured(this, seen);
      expect(seen.proposedByIt, "its blocks").equal(0);
      expect(seen.refusedByOthers, "metric of the others").greaterThan(0);
      expect(seen.signedByIt, "certificates with its vote").greaterThan(0);
    });
  });

  it("of 30 s behind: it refuses what the others propose, and follows", async function () {
    await net.guarded(async () => {
      const seen = await observe(-30_000);
      measured(this, seen);
      expect(seen.refusedByIt, "its metric").greaterThan(0);
      expect(seen.signedByIt, "certificates with its vote").greaterThan(0);
    });
  });

  it("that jumps back an hour: the chain does not notice, the node says so", async function () {
    await net.guarded(async () => {
      const seen = await observe(-HOUR_MS);
      measured(this, seen);
      expect(seen.offsetSeconds, "offset it sees").greaterThan(3000);
      expect(seen.signedByIt, "certificates with its vote").greaterThan(0);
    });
  });
});

/** What the next blocks show; node 0 is the one with the wrong clock. */
async function watch(net: FaultNetwork) {
  const [skewed, ...others] = net.nodes;
  if (skewed === undefined) throw new RangeError("no nodes");
  const untimely = async (nodes: readonly (typeof skewed)[]): Promise<number> => {
    const metrics = await Promise.all(nodes.map(metricsOf));
    return Math.max(...metrics.map((each) => each.value("poml_untimely_proposals_total")));
  };
  const [othersBefore, itBefore] = [await untimely(others), await untimely([skewed])];
  const from = Math.max(...(await net.heads())) + 1;
  await net.untilBlocks(HEIGHTS + 1);
  const to = from + HEIGHTS - 1;
  const rounds = await net.roundsPerHeight(from, to);
  expect(Math.max(...rounds), "rounds a height took").most(3);
  let proposedByIt = 0;
  let signedByIt = 0;
  const { seat } = await skewed.client.node(skewed.publicKey);
  for (let height = from; height <= to; height++) {
    const { header, certificate } = await net.at(1).client.block(height);
    if (header.proposer === skewed.publicKey) proposedByIt++;
    if (certificate.signatures.some((each) => each.seat === seat)) signedByIt++;
  }
  await net.expectNoFork(net.running, from);
  await net.expectNoAccusations();
  return {
    heights: HEIGHTS,
    meanRounds: mean(rounds),
    proposedByIt,
    signedByIt,
    refusedByOthers: (await untimely(others)) - othersBefore,
    refusedByIt: (await untimely([skewed])) - itBefore,
    offsetSeconds: (await metricsOf(skewed)).value("poml_proposal_offset_seconds"),
  };
}
