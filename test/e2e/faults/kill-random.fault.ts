/**
 * SIGKILL at random moments, one victim after another, sometimes two at once, under a trickle of transfers.
 * Nothing final is lost, the victim follows again soon, all nodes have one state, and nobody's double
 * signature is ever seen: what was signed before the kill is in the victim's journal.
 */
import { expect } from "chai";
import type { LocalNode } from "../../helpers/local-network.ts";
import { until } from "../../helpers/until.ts";
import { Random } from "../../sim/random.ts";
import { FaultNetwork, mean, PATIENCE_MS, pause, quantile } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { heightOf } from "./harness/probe.ts";
import { TransferTrickle } from "./harness/trickle.ts";

const CYCLES = Number(process.env.POML_FAULT_CYCLES ?? 100);
const SEED = Number(process.env.POML_FAULT_SEED ?? 1);
/** Every so often the chain has to stop, too. */
const PAIR_CHANCE = 0.15;

describe("kill -9 at random", function () {
  this.timeout(300_000 + CYCLES * 60_000);

  let net: FaultNetwork;
  const trickle = new TransferTrickle();

  before(async () => {
    net = await FaultNetwork.start({ accounts: trickle.accounts });
    trickle.start(net);
    await net.untilHeight(2);
  });
  after(async () => {
    await trickle.stop();
    await net?.stop();
  });

  it(`loses nothing in ${CYCLES} kills`, async function () {
    await net.guarded(async () => {
      const random = new Random(SEED);
      const caughtUpMs: number[] = [];
      let kills = 0;
      while (kills < CYCLES) {
        const victims = random.shuffle(net.nodes).slice(0, random.chance(PAIR_CHANCE) ? 2 : 1);
        await pause(random.between(0, 1500));
        for (const victim of victims)
          caughtUpMs.push(...(await killAndReturn(net, victims, victim)));
        kills += victims.length;
      }
      await net.untilBlocks(2);
      const compared = await net.expectNoFork();
      await net.expectNoAccusations();
      measured(this, {
        kills,
        seed: SEED,
        compared,
        transfers: trickle.submitted,
        startMeanMs: mean(caughtUpMs),
        startP95Ms: quantile(caughtUpMs, 0.95),
        startMaxMs: Math.max(...caughtUpMs),
      });
    });
  });
});

/** @returns from the start of the process until it has a block made after that, when it is the last victim */
async function killAndReturn(
  net: FaultNetwork,
  victims: readonly LocalNode[],
  victim: LocalNode,
): Promise<number[]> {
  const before = await heightOf(victim);
  const hash = (await victim.client.block(before)).hash;
  await victim.kill();
  if (victim !== victims.at(-1)) return [];
  const begin = performance.now();
  await Promise.all(victims.map((each) => each.start()));
  for (const each of victims) {
    const head = Math.max(...(await net.heads()));
    await until(async () => (await heightOf(each)) > head, PATIENCE_MS, `${each.name} to follow`);
  }
  expect((await victim.client.block(before)).hash, "a final block").equal(hash);
  return [performance.now() - begin];
}
