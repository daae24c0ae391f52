/** What must hold after every simulated search, whatever went wrong in it. */
import { compareBytes } from "../../../../chain/crypto/hash.ts";
import { isOut } from "../../../../chain/job/phase.ts";
import type { NodeRecord } from "../../../../chain/types/node.ts";
import {
  MAX_FINDS,
  MAX_GAPS,
  SEARCH_MODES,
  type SearchFind,
} from "../../../../chain/types/search.ts";
import { countUnits, isWithin } from "../../../../chain/workload/search/coverage.ts";
import {
  searchProgress,
  searchResult,
  searchSpec,
} from "../../../../chain/workload/search/search-of.ts";
import { unitCount } from "../../../../chain/workload/search/units.ts";
import { digestOf } from "../../../helpers/search-run.ts";
import { moneyFindings, waitingFindings } from "../invariants.ts";
import { LANES } from "../job-node.ts";
import type { Outcome } from "../simulation.ts";

/** @returns what does not hold, in words; nothing for a run as it must be */
export function searchFindings(outcome: Outcome): string[] {
  return [
    ...outcome.failures,
    ...moneyFindings(outcome),
    ...recordFindings(outcome),
    ...resultFindings(outcome),
    ...workFindings(outcome),
    ...punishmentFindings(outcome),
    ...waitingFindings(outcome),
  ];
}

/** Every round is recorded once and in order, and leaves open a part of what was open before it. */
function recordFindings({ plan, records }: Outcome): string[] {
  const { mode, redundancy } = searchSpec(plan.spec);
  const isPlain = redundancy === 0 && SEARCH_MODES[mode] !== "all";
  let open = [{ from: 0n, to: unitCount(searchSpec(plan.spec)) }];
  return records.flatMap((record, i) => {
    const findings: string[] = [];
    const after = searchResult(record).open;
    if (record.round !== i + 1) findings.push(`round ${record.round} is number ${i + 1}`);
    if (!isWithin(after, open)) findings.push(`round ${record.round} opens what was searched`);
    const covered = countUnits(open) - countUnits(after);
    const units = record.contributions.reduce((sum, one) => sum + BigInt(one.units), 0n);
    if (covered > units) findings.push(`round ${record.round} covers more than was claimed`);
    if (isPlain && after.length < MAX_GAPS && units > covered) {
      findings.push(`round ${record.round} pays ${units - covered} units twice`);
    }
    open = after;
    return findings;
  });
}

/** What a search ends with is what there is: all finds of what was covered, the best one, or the lowest of a round. */
function resultFindings({ plan, job, end }: Outcome): string[] {
  if (job === undefined || !isDone(end)) return [];
  const search = searchSpec(plan.spec);
  const { finds, open } = searchProgress(job);
  const all = allFinds(plan.spec);
  const isTrue = ({ nonce, digest }: SearchFind): boolean =>
    all.some((one) => one.nonce === nonce && compareBytes(one.digest, digest) === 0);
  if (!finds.every(isTrue)) return ["a find is none"];
  switch (SEARCH_MODES[search.mode]) {
    case "first":
      if (end === "target") return finds.length === 1 ? [] : ["it ended without a find"];
      return open.length === 0 && all.length === 0 ? [] : ["there is a find, and none was told"];
    case "all":
      return finds.length === Math.min(all.length, MAX_FINDS)
        ? []
        : [`${finds.length} of ${all.length} finds were told`];
    default: {
      const [best] = all.toSorted((a, b) => compareBytes(a.digest, b.digest));
      return finds[0]?.nonce === best?.nonce ? [] : ["the best find is another"];
    }
  }
}

function allFinds(spec: Outcome["plan"]["spec"]): Pick<SearchFind, "nonce" | "digest">[] {
  const search = searchSpec(spec);
  const finds: Pick<SearchFind, "nonce" | "digest">[] = [];
  for (let nonce = search.from; nonce < search.to; nonce++) {
    const digest = digestOf(search, nonce);
    if (compareBytes(digest, search.target) <= 0) finds.push({ nonce, digest });
  }
  return finds;
}

export function isDone(end: Outcome["end"]): boolean {
  return end === "complete" || end === "target";
}

/** Without faults nothing is hashed twice but what the order asks for, and the tail that two lanes share. */
function workFindings({ plan, nodes, records }: Outcome): string[] {
  if (!isCalm(plan) || records.length !== 1) return [];
  const begun = nodes.flatMap(({ searched }) => searched).length;
  const search = searchSpec(plan.spec);
  const units = Number(unitCount(search));
  const asked = units + Math.ceil((units * search.redundancy) / 100);
  const lanes = 2 * plan.spec.participants;
  // Near the end each lane may copy what another has left, and stop in the middle of a unit.
  return begun <= asked * 1.25 + 4 * lanes ? [] : [`${begun} units were hashed for ${asked}`];
}

function isCalm({ links, crashes, lies, failures }: Outcome["plan"]): boolean {
  const isLinked = links.loss === 0 && links.cuts.length === 0 && links.slowestMs <= 300;
  return isLinked && crashes.length === 0 && lies.size === 0 && failures === 0;
}

/** Nobody honest loses of its bond or is found false. */
function punishmentFindings({ chain, plan, job }: Outcome): string[] {
  const nodesAt = (height: number): NodeRecord[] => chain.headAt(height).state.nodes.values();
  const before = nodesAt(0);
  return nodesAt(chain.height).flatMap((after, node) => {
    if (plan.lies.has(node)) return [];
    const own = job?.participants.find((one) => one.node === node);
    return [
      ...(after.bond === before[node]?.bond ? [] : [`node ${node} is honest and lost of its bond`]),
      ...(own !== undefined && isOut(own) ? [`node ${node} is honest and found false`] : []),
    ];
  });
}

/** Of the time from the first unit to the last one, the part in which the participants' lanes hashed: 0 to 1. */
export function busyShare({ job, nodes }: Pick<Outcome, "job" | "nodes">): number {
  const drawn = new Set(job?.participants.map(({ node }) => node));
  const lanes = nodes.filter(({ node }) => drawn.has(node)).map((node) => node.lanes);
  const from = Math.min(...lanes.map((one) => one.from));
  const to = Math.max(...lanes.map((one) => one.to));
  const busyMs = lanes.reduce((sum, one) => sum + one.busyMs, 0);
  return busyMs / ((to - from) * LANES * lanes.length);
}
