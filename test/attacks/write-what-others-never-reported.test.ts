/**
 * A manager of a search writes in its rounds that half of the participants have searched units of which they know
 * nothing, or keeps the acknowledgements from them, so that they do not claim these units and pass for nodes that do not
 * claim what they reported. Gain sought: their leases, in the rounds of the honest managers too. Must hold: they lose the
 * liar's own rounds, in which it could refuse them leases anyway, and at most one more for each; and units that they get
 * out of leases of others count for nothing, so that the liar must give them leases.
 */
import { expect } from "chai";
import type { Job } from "../../chain/types/job.ts";
import { leaseManagerOf } from "../../chain/workload/search/lease-log.ts";
import type { OwnedBy } from "../../node/jobs/search/given-claims.ts";
import { LeaseTable } from "../../node/jobs/search/leases/lease-table.ts";
import { sizeOf } from "../../node/jobs/search/leases/span.ts";
import { ownedOfLeases, Unclaimed } from "../../node/jobs/search/unclaimed.ts";
import { SearchStory } from "../helpers/search-run.ts";

const ROUNDS = 30;
/** Of each node in a round in which it has leases. */
const UNITS = 20;

const { job: JOB } = new SearchStory();
const NODES = JOB.participants.map(({ node }) => node);
const [LIAR = -1] = JOB.team;
const VICTIMS = NODES.filter((node) => node !== LIAR).slice(0, 2);

interface Played {
  /** Units that each node claims in all rounds. */
  readonly claimed: ReadonlyMap<number, number>;
  /** Rounds of honest managers in which a victim rests. */
  readonly rested: number;
}

/** The log of a round, in which a node searches its own lease, or has a part of another's. */
function logOf(owned: ReadonlyMap<number, number>, partsOf?: number): LeaseTable {
  const table = new LeaseTable({ open: [{ from: 0, to: NODES.length * UNITS }] });
  let lease = 0;
  for (const [node, units] of owned) {
    if (units === 0) continue;
    const from = UNITS * lease++;
    const to = from + units;
    table.apply({ kind: "grant", lease, node: partsOf ?? node, lane: 0, from, to });
    if (partsOf === undefined) table.apply({ kind: "progress", lease, to });
    else table.apply({ kind: "part", lease, node, lane: 0, from, to });
  }
  return table;
}

function played(isLying: boolean): Played {
  const unclaimed = new Unclaimed();
  const claimed = new Map(NODES.map((node) => [node, 0]));
  let rested = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const job = { ...JOB, round };
    const isLie = (node: number): boolean =>
      isLying && leaseManagerOf(JOB.team, round, 0) === LIAR && VICTIMS.includes(node);
    const rests = (node: number): boolean => unclaimed.rests(job, node) && !isLie(node);
    const owned = new Map(NODES.map((node) => [node, rests(node) ? 0 : UNITS]));
    const unitsOf = (node: number): number => (isLie(node) ? 0 : (owned.get(node) ?? 0));
    unclaimed.note(committed(job, unitsOf), ownedOfLeases(logOf(owned)));
    for (const node of NODES) claimed.set(node, (claimed.get(node) ?? 0) + unitsOf(node));
    if (VICTIMS.some(rests)) rested++;
  }
  return { claimed, rested };
}

function committed(job: Job, unitsOf: (node: number) => number): Job {
  const participants = job.participants.map((one) => ({ ...one, units: unitsOf(one.node) }));
  return { ...job, participants };
}

describe("attack: write units that other nodes never reported, so that they rest", () => {
  it("costs the others the liar's rounds and one more for each of them, not the whole job", () => {
    const honest = played(false);
    const lied = played(true);
    const victim = VICTIMS[0] ?? -1;
    for (const [name, { claimed, rested }] of Object.entries({ honest, lied })) {
      process.stdout.write(
        `      ${name}: units of the liar ${claimed.get(LIAR)}, of a victim ${claimed.get(victim)}, of the chain's ${ROUNDS} rounds it rested in ${rested}\n`,
      );
    }
    const ofLiar = ROUNDS / JOB.team.length;
    expect(honest.rested).equal(0);
    expect(lied.rested).at.most(ofLiar);
    expect(lied.claimed.get(victim)).at.least(UNITS * (ROUNDS - 2 * ofLiar));
    expect(lied.claimed.get(LIAR), "the liar's own lanes search no faster").equal(ROUNDS * UNITS);
  });

  it("does nothing where the units are parts of other nodes' leases", () => {
    const unclaimed = new Unclaimed();
    const owned = new Map(VICTIMS.map((node) => [node, UNITS]));
    const nothing = committed({ ...JOB, round: 1 }, () => 0);
    const resting = (log: OwnedBy): number[] => {
      unclaimed.note(nothing, log);
      return VICTIMS.filter((node) => unclaimed.rests({ ...JOB, round: 2 }, node));
    };
    // One more that claims: not most of the owners are short.
    const table = logOf(owned, LIAR);
    expect(sizeOf(ownedOfLeases(table)(VICTIMS[0] ?? -1))).equal(0);
    expect(resting(ownedOfLeases(table))).deep.equal([]);
    const oneOnly = logOf(new Map([[VICTIMS[0] ?? -1, UNITS]]));
    expect(resting(ownedOfLeases(oneOnly)), "its own lease").deep.equal([VICTIMS[0]]);
  });
});
