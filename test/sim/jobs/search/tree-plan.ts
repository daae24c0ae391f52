/** Searches in trees: the fan-out is lowered to 2, so that seven participants stand on three levels. */
import { expect } from "chai";
import { fromHex } from "../../../../chain/crypto/hash.ts";
import { searchProgress, searchSpec } from "../../../../chain/workload/search/search-of.ts";
import { unitCount } from "../../../../chain/workload/search/units.ts";
import { ALGORITHM_HASHES } from "../../../../ml/search/algorithm-hashes.ts";
import { searchOrder } from "../../../helpers/search-run.ts";
import type { JobPlan } from "../plan.ts";
import type { Outcome } from "../simulation.ts";
import { isDone, searchFindings } from "./invariants.ts";
import { quietSearch } from "./plan.ts";

export const DEEP = { most: 2, least: 1 };
export const UNITS = 1_500n;
const MS_PER_UNIT = 200;
/** Units of a lease of full size: 10 s. */
export const LEASE: number = 10_000 / MS_PER_UNIT;

/** Seven of nine nodes search. */
export function treeSearch(
  seed: number,
  changes: Partial<JobPlan> = {},
  units: bigint = UNITS,
): JobPlan {
  const name = `tree ${seed}`;
  const spec = searchOrder(name, {
    participants: 7,
    quorum: 4,
    teamSize: 3,
    phaseBlocks: 160,
    algorithm: fromHex(ALGORITHM_HASHES.sha256),
    from: 0n,
    to: units * 64n,
    mode: 1,
    operations: 3_216,
  });
  const nodes = 9;
  const msPerSegment = Array.from({ length: nodes }, () => MS_PER_UNIT);
  const parameters = { newcomerAudits: 0, secondLook: 500_000 };
  const plan = quietSearch(seed);
  return { ...plan, nodes, spec, parameters, msPerSegment, fanOut: DEEP, ...changes };
}

/** Units that were begun, by all. */
export function hashed({ nodes }: Outcome): number {
  return nodes.reduce((sum, { searched }) => sum + searched.length, 0);
}

/** All is covered and counted once, and nothing is as it must not be. */
export function expectWhole(outcome: Outcome, what: string): void {
  expect(searchFindings(outcome), what).to.deep.equal([]);
  expect(isDone(outcome.end), `${what}: ${outcome.end}`).to.equal(true);
  const { open } = searchProgress(outcome.job ?? expect.fail("no job"));
  expect(open, what).to.deep.equal([]);
  const counted = outcome.records
    .flatMap(({ contributions }) => contributions)
    .reduce((sum, one) => sum + BigInt(one.units), 0n);
  expect(counted, `${what}: units counted`).to.equal(unitCount(searchSpec(outcome.plan.spec)));
}
