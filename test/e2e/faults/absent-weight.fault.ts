/**
 * Founders that never come. With 33 % of the weight away the chain lives, and a height takes one round more only
 * where an absent node had the first turn; with 34 % nothing can become final, and once they come, all goes on.
 */
import { expect } from "chai";
import { FaultNetwork, mean } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";

const HEIGHTS = 40;
const MAX_MEAN_ROUNDS = 1.6;
const PERCENT = 10_000_000n;

describe("absent weight", function () {
  this.timeout(600_000);

  let net: FaultNetwork;

  before(async () => {
    net = await FaultNetwork.start({
      weights: [33n, 1n, 22n, 22n, 22n].map((share) => share * PERCENT),
      absent: [0],
      // Weights stay as they are: skipped turns would cost the absent node its share.
      parameters: { skipPenalty: 0n, skipShare: 0 },
    });
  });
  after(() => net?.stop());

  it("of 33 %: the chain lives", async function () {
    await net.guarded(async () => {
      await net.untilHeight(1);
      const from = Math.max(...(await net.heads())) + 1;
      const tookMs = await net.untilBlocks(HEIGHTS + 1);
      const rounds = await net.roundsPerHeight(from, from + HEIGHTS - 1);
      measured(this, { heights: HEIGHTS, meanRounds: mean(rounds), meanBlockMs: tookMs / HEIGHTS });
      expect(mean(rounds), "mean rounds").most(MAX_MEAN_ROUNDS);
      await net.expectNoFork();
      await net.expectNoAccusations();
    });
  });

  it("of 34 %: nothing becomes final before more come", async function () {
    await net.guarded(async () => {
      await net.at(1).kill();
      const halted = await net.expectStandstill();
      await net.expectNoFork(net.running, Math.min(...halted));
      await net.at(0).start();
      const tookMs = await net.untilBlocks(3);
      await net.expectNoFork();
      await net.expectNoAccusations();
      measured(this, { haltedAt: Math.max(...halted), threeBlocksMs: tookMs });
    });
  });
});
