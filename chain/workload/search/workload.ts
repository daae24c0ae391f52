/** Search of a range of nonces as a kind of work; its unit is 2^unitBits nonces. */
import type { Workload } from "../workload.ts";
import { checkClaim, checkSearchSpec } from "./check.ts";
import { countUnits } from "./coverage.ts";
import { REPLAY_BYTES, runOperations } from "./price.ts";
import { advance, checkSearchRecord, roundBase } from "./round.ts";
import { searchProgress, searchResult, searchSpec } from "./search-of.ts";
import { segmentCount } from "./segments.ts";
import { orderedUnits, unitCount, withSecondSearches } from "./units.ts";

export const search: Workload = {
  check: checkSearchSpec,
  units: (spec) => orderedUnits(searchSpec(spec)),
  unitsLeft: ({ spec, progress }) =>
    withSecondSearches(searchSpec(spec), countUnits(searchProgress({ progress }).open)),
  /** A participant that could get no unit is not drawn. */
  mostParticipants: (spec) => Number(unitCount(searchSpec(spec))),
  checkUnits: checkClaim,
  /** Digests are integers, so every node computes the same ones. */
  isAuditable: () => true,
  /**
   * Only the team's log of leases shows which node got a unit. So a claim that the log does not cover does not prove
   * ordered work.
   */
  countsLeftOut: false,
  canDiverge: false,
  segments: (_, units) => segmentCount(units),
  runOperations: (spec, units) => runOperations(searchSpec(spec), units),
  replayBytes: () => REPLAY_BYTES,
  bonus: (spec) => searchSpec(spec).findBonus,
  bonusShares: (job) => searchProgress(job).finds.map(({ node }) => node),
  start(spec) {
    const open = [{ from: 0n, to: unitCount(searchSpec(spec)) }];
    return { selector: 1, value: { open, finds: [], claimed: 0n, idleRounds: 0, tallies: [] } };
  },
  base: roundBase,
  files: ({ spec }) => [searchSpec(spec).algorithm],
  checkRecord: checkSearchRecord,
  doubted: (record) => searchResult(record).alarms,
  advance,
};
