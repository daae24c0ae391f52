/** Searches in a simulation: everything about one follows from a seed, and faults are those of jobs of training. */
import { fromHex } from "../../../../chain/crypto/hash.ts";
import { ALGORITHM_HASHES } from "../../../../ml/search/algorithm-hashes.ts";
import { hashOperations } from "../../../../ml/search/hash-cost.ts";
import { NOTHING, searchOrder, targetFor } from "../../../helpers/search-run.ts";
import { Random } from "../../random.ts";
import { disturbed, type JobPlan, quiet } from "../plan.ts";

const UNIT = 64n;

/** A search among honest nodes with nothing in its way. */
export function quietSearch(seed: number): JobPlan {
  const plan = quiet(seed);
  const random = new Random(seed ^ 0x5ea1c4);
  const { participants, quorum, teamSize } = plan.spec;
  const units = random.pick([10, 40, 150, 400]);
  const prefix = new TextEncoder().encode(`search ${seed}`);
  const order = {
    participants,
    quorum,
    teamSize,
    phaseBlocks: random.between(24, 48),
    algorithm: fromHex(ALGORITHM_HASHES.sha256),
    from: BigInt(random.between(0, 1_000_000)),
    mode: random.between(0, 2),
    redundancy: random.pick([0, 0, 0, 20]),
    findBonus: 1_000n,
    operations: hashOperations("sha256", { prefix, suffix: new Uint8Array(0), nonceBytes: 8 }),
  };
  const to = order.from + BigInt(units) * UNIT - BigInt(random.between(0, 40));
  const bare = searchOrder(`search ${seed}`, { ...order, to });
  const finds = random.pick([0, 1, 1, 5]);
  const target = finds === 0 ? NOTHING : targetFor(bare, finds);
  const spec = searchOrder(`search ${seed}`, { ...order, to, target });
  const slow = random.pick([10, 50, 200]);
  const msPerSegment = plan.msPerSegment.map(() => random.between(2, slow));
  return { ...plan, spec, msPerSegment };
}

/** The same with whatever goes wrong; at most one node lies. */
export function disturbedSearch(seed: number): JobPlan {
  const { spec, msPerSegment } = quietSearch(seed);
  return { ...disturbed(seed), spec, msPerSegment };
}

/** A search of several rounds, all of them of the same length, in which nothing goes wrong. */
export function longSearch(seed: number): JobPlan {
  const plan = quietSearch(seed);
  const from = 1_000n;
  const name = `long search ${seed}`;
  const prefix = new TextEncoder().encode(name);
  const order = {
    participants: 4,
    quorum: 3,
    teamSize: 3,
    phaseBlocks: 40,
    algorithm: fromHex(ALGORITHM_HASHES.sha256),
    operations: hashOperations("sha256", { prefix, suffix: new Uint8Array(0), nonceBytes: 8 }),
    from,
    to: from + 3_000n * UNIT,
  };
  const msPerSegment = Array.from({ length: 6 }, (_, node) => 80 + 20 * (node % 3));
  return {
    ...plan,
    nodes: 6,
    parameters: { newcomerAudits: 0, secondLook: 0 },
    spec: searchOrder(name, order),
    msPerSegment,
  };
}

/** The same with nodes that die, some of them with their power, and a network that loses messages. */
export function disturbedLongSearch(seed: number): JobPlan {
  const plan = longSearch(seed);
  const random = new Random(seed ^ 0x10115);
  const crashes = Array.from({ length: 3 }, () => ({
    node: random.between(0, plan.nodes - 1),
    at: random.between(4_000, 40_000),
    forMs: random.between(500, 8_000),
    power: random.chance(0.5),
  }));
  const links = { calmAt: 40_000, loss: 0.05, slowestMs: 200, cuts: [] };
  return { ...plan, crashes, links };
}
