import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import {
  isWatched,
  punishFalseWitness,
  punishFault,
  punishSilence,
  rewardGoodUpdate,
} from "../../../chain/audit/penalty.ts";
import { startUnbonding } from "../../../chain/bond/unbonding.ts";
import type { State } from "../../../chain/state/state.ts";
import { supplyOf } from "../../../chain/supply/supply.ts";
import { RATING_FAULTS } from "../../../chain/types/node.ts";
import { TestChain } from "../../helpers/chain.ts";

function fork(): State {
  return new TestChain().head.state.fork();
}

/** As if so much time had passed. */
function later(state: State, ms: bigint): void {
  state.meta = { ...state.meta, time: state.meta.time + ms };
}

describe("punishFault", () => {
  it("takes reliability of a node that did not serve, and watches it after the third time, but takes never capacity or bond", () => {
    const state = fork();
    const { ratingHalfLife } = state.parameters;
    const { rating, bond } = state.nodes.at(1);
    expect(punishFault(state, 1, "not-served", [])).to.include({ before: rating, fault: 2 });
    const once = state.nodes.at(1);
    expect(once).to.include({ bond, failed: 125, withheld: 1, notServedAt: state.meta.time });
    expect(once.rating > 0n && once.rating < rating).to.equal(true);
    expect(isWatched(once, state.parameters)).to.equal(true);
    later(state, BigInt(ratingHalfLife) * 500n);
    punishFault(state, 1, "not-served", []);
    expect(state.nodes.at(1)).to.include({ bond, failed: 250, withheld: 2 });
    later(state, BigInt(ratingHalfLife) * 500n);
    const third = punishFault(state, 1, "not-served", []);
    expect(third).to.include({ fault: RATING_FAULTS.indexOf("withheld") });
    const { capacity } = once;
    expect(state.nodes.at(1)).to.include({ bond, capacity, probation: 3, withheld: 0 });
  });

  it("counts all updates withheld in one outage once", () => {
    const state = fork();
    for (let update = 0; update < 5; update++) punishFault(state, 1, "not-served", []);
    expect(state.nodes.at(1)).to.include({ failed: 125, withheld: 1, auditsFailed: 5 });
  });

  it("forgives an unserved update after a half-life", () => {
    const state = fork();
    punishFault(state, 1, "not-served", []);
    const { ratingHalfLife } = state.parameters;
    later(state, BigInt(ratingHalfLife) * 1000n + 1n);
    punishFault(state, 1, "not-served", []);
    const { time } = state.meta;
    expect(state.nodes.at(1)).to.include({ notServedAt: time, withheld: 1, auditsFailed: 2 });
  });

  it("takes from bonds that are being withdrawn, too, and loses no money", () => {
    const state = fork();
    const node = state.nodes.at(1);
    state.nodes.set(1, { ...node, bond: node.bond - 300n * POML });
    startUnbonding(state, 1, 300n * POML);
    const { total } = supplyOf(state);
    punishFault(state, 1, "mismatch", [0, 2, 3]);
    expect(state.unbondings.map(({ amount }) => amount)).to.deep.equal([150n * POML]);
    expect(state.nodes.at(1).bond).to.equal(350n * POML);
    expect(supplyOf(state).total).to.equal(total);
  });
});

describe("a penalty", () => {
  it("never raises a rating, whatever was earned since the last window", () => {
    const state = fork();
    for (let update = 0; update < 40; update++) rewardGoodUpdate(state, 1, 10n ** 12n);
    const { rating, verified, auditsPassed } = state.nodes.at(1);
    expect([verified, auditsPassed]).to.deep.equal([11_000, 40]);
    punishSilence(state, 1);
    expect(state.nodes.at(1).rating <= rating).to.equal(true);
  });
});

describe("punishFalseWitness", () => {
  it("takes reliability, and no money", () => {
    const state = fork();
    const { bond, rating } = state.nodes.at(1);
    const change = punishFalseWitness(state, 1);
    expect(change).to.include({ before: rating, fault: RATING_FAULTS.indexOf("wrong") });
    expect(state.nodes.at(1)).to.include({ bond, failed: 1000 });
  });
});
