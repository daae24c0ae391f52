/**
 * Attack: fast lanes work until nothing is free, so that copies of what others still search go to them first, and then
 * hold these without searching, so that the search does not end.
 */
import { expect } from "chai";
import type { DeskEffect } from "../../node/jobs/search/leases/desk-messages.ts";
import { sizeOf } from "../../node/jobs/search/leases/span.ts";
import type { Holder } from "../../node/jobs/search/leases/step.ts";
import { Bench } from "../node/jobs/search/leases/desk-bench.ts";

const UNITS = 1_200;
const STEP_MS = 50;
const BEAT_MS = 500;
const LIMIT_MS = 600_000;
/** Of honest lanes; units a millisecond. */
const RATE = 0.01;
const HONEST = 4;
/** One of the honest lanes dies when so much is left: there is something to copy. */
const DIES_AT = 60;
/** Of simulated time. */
const MOST_DELAY_MS = 20_000;

interface Held {
  readonly lease: number;
  readonly to: number;
  at: number;
}

class Lane {
  readonly holder: Holder;
  readonly rate: number;
  readonly isHostile: boolean;
  /** In the order in which they are searched. */
  readonly held: Held[] = [];
  isDead = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(holder: Holder, rate: number, isHostile: boolean) {
    this.holder = holder;
    this.rate = rate;
    this.isHostile = isHostile;
  }

  /** @returns what the desk answers */
  step(bench: Bench, isStalled: boolean): readonly DeskEffect[] {
    if (this.isDead) return [];
    const [first] = this.held;
    if (first === undefined) {
      if (bench.now - this.#askedAt < BEAT_MS) return [];
      this.#askedAt = bench.now;
      return bench.ask(this.holder, []);
    }
    if (!isStalled) first.at = Math.min(first.to, first.at + this.rate * STEP_MS);
    const isDone = first.at >= first.to;
    // A lane that stalls says that it lives.
    if (!isDone && bench.now - this.#toldAt < BEAT_MS) return [];
    this.#toldAt = bench.now;
    if (isDone) this.held.shift();
    return bench.beat(this.holder, first.lease, Math.floor(first.at));
  }

  /** @returns whether it took a lease */
  heed(effect: DeskEffect): boolean {
    if (effect.kind === "lease") {
      const { lease, from, to } = effect;
      if (this.held.some((one) => one.lease === lease)) return false;
      this.held.push({ lease, to, at: from });
      return true;
    }
    const ended =
      effect.kind === "end" ? this.held.findIndex((one) => one.lease === effect.lease) : -1;
    const [one] = ended === -1 ? [] : this.held.splice(ended, 1);
    if (effect.kind !== "end" || one === undefined || one.at >= effect.to) return false;
    this.held.splice(ended, 0, { ...one, to: effect.to });
    return false;
  }
}

/** A search by honest lanes, and hostile ones that are faster: so many nodes with so many lanes each. */
function search([nodes, lanesEach]: readonly [number, number], isStalling: boolean) {
  const bench = new Bench(UNITS);
  const lanes = [
    ...Array.from({ length: HONEST }, (_, index) => {
      return new Lane({ node: 1 + index, lane: 0 }, RATE, false);
    }),
    ...Array.from({ length: nodes * lanesEach }, (_, index) => {
      const holder = { node: 100 + (index % nodes), lane: Math.floor(index / nodes) };
      return new Lane(holder, 4 * RATE, true);
    }),
  ];
  let stalledLeases = 0;
  const heed = (effects: readonly DeskEffect[], isEnd: boolean): void => {
    for (const effect of effects) {
      if (effect.kind !== "lease" && effect.kind !== "end") continue;
      const { node, lane: number } = effect.holder;
      const lane = lanes.find(({ holder }) => holder.node === node && holder.lane === number);
      if (lane?.heed(effect) === true && lane.isHostile && isStalling && isEnd) stalledLeases++;
    }
  };
  for (; bench.desk.table.open.size > 0 && bench.now < LIMIT_MS; bench.now += STEP_MS) {
    const { open } = bench.desk.table;
    const isEnd = open.free === 0;
    const [mortal] = lanes;
    if (mortal !== undefined && open.size <= DIES_AT && mortal.held.length > 0) {
      mortal.isDead = true;
    }
    for (const lane of lanes) {
      heed(lane.step(bench, lane.isHostile && isStalling && isEnd), isEnd);
    }
    heed(bench.tick(), isEnd);
  }
  const { table } = bench.desk;
  const unitsOf = (node: number): number => {
    const { first, repeated } = table.owned(node);
    return sizeOf(first) + sizeOf(repeated);
  };
  const hostile = new Set(
    lanes.filter(({ isHostile }) => isHostile).map(({ holder: { node } }) => node),
  );
  const paid = [...hostile].reduce((sum, node) => sum + unitsOf(node), 0);
  return { ms: bench.now, isWhole: table.open.size === 0, paid, stalledLeases };
}

describe("attack: lanes that stall at the end of a search", () => {
  for (const [nodes, lanes] of [
    [1, 1],
    [4, 1],
    [8, 1],
    [24, 1],
    [1, 24],
  ] as const) {
    it(`delay it by seconds, and lose the pay of what they stall with: ${nodes} nodes, ${lanes} lanes each`, () => {
      const honest = search([nodes, lanes], false);
      const stalled = search([nodes, lanes], true);
      const delayMs = stalled.ms - honest.ms;
      process.stdout.write(
        `      ends after ${honest.ms / 1000} s, stalled ${stalled.ms / 1000} s, ${stalled.stalledLeases} leases held; units paid to them ${honest.paid} -> ${stalled.paid}\n`,
      );
      expect([honest.isWhole, stalled.isWhole]).deep.equal([true, true]);
      expect(delayMs, "the attack took place").above(0);
      expect(stalled.paid).at.most(honest.paid);
      expect(delayMs).at.most(MOST_DELAY_MS);
    });
  }
});
