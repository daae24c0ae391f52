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
