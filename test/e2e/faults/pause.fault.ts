/**
 * A node stops for ten seconds, as when its machine sleeps or swaps (SIGSTOP, SIGCONT). The others lose at most
 * the rounds it would have proposed in; it follows again by itself, and does not sign anything twice.
 */
import { expect } from "chai";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, mean, pause } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { heightOf } from "./harness/probe.ts";

const PAUSE_MS = 10_000;
/** The aim after the pause (CometBFT's for its own). */
const REJOIN_MS = 20_000;

describe("pause", function () {
  this.timeout(600_000);

  let net: FaultNetwork;

  before(async () => {
    net = await FaultNetwork.start();
    await net.untilHeight(2);
  });
  after(() => net?.stop());

  it("of ten seconds: the others go on, and it rejoins", async function () {
    await net.guarded(async () => {
      const [paused, ...others] = net.nodes;
      if (paused === undefined) throw new RangeError("no nodes");
      const from = Math.max(...(await net.heads(others)));
      paused.signal("SIGSTOP");
      await pause(PAUSE_MS);
      const to = Math.min(...(await net.heads(others)));
      paused.signal("SIGCONT");
      const begin = performance.now();
      const head = Math.max(...(await net.heads(others)));
      await until(
        async () => (await heightOf(paused)) > head,
        REJOIN_MS,
        "the paused node to follow",
      );
      const rejoinedMs = performance.now() - begin;
      const rounds = await net.roundsPerHeight(from + 1, to, others[0]);
      expect(rounds.length, "blocks of the others meanwhile").greaterThan(2);
      expect(Math.max(...rounds), "rounds a height took").most(2);
      await net.expectNoFork();
      await net.expectNoAccusations();
      measured(this, { blocksMeanwhile: rounds.length, meanRounds: mean(rounds), rejoinedMs });
    });
  });
});
