import { expect } from "chai";
import {
  isWatched,
  punishFalseWitness,
  punishFault,
  punishSilence,
  rewardGoodUpdate,
} from "../../../chain/audit/penalty.ts";
import { startUnbonding } from "../../../chain/bond/unbonding.ts";
import { POML } from "../../../chain/genesis.ts";
import type { State } from "../../../chain/state/state.ts";
import { supplyOf } from "../../../chain/supply/supply.ts";
import { TestChain } from "../../helpers/chain.ts";

function fork(): State {
  return new TestChain().head.state.fork();
}

describe("punishFault", () => {
  it("lowers the rating of who did not serve, and takes it when it happens again", () => {
    const state = fork();
    const { rating, bond } = state.nodes.at(1);
    expect(punishFault(state, 1, "not-served", [2])).to.include({ before: rating });
    const once = state.nodes.at(1);
    expect(once).to.include({ bond, failed: 1000, notServedAt: state.meta.time });
    expect(once.rating > 0n && once.rating < rating).to.equal(true);
    expect(isWatched(once, state.parameters)).to.equal(true);
    const again = punishFault(state, 1, "not-served", [2]);
    expect(again).to.include({ before: once.rating, after: 0n });
    expect(state.nodes.at(1)).to.include({ rating: 0n, bond: bond / 2n, auditsFailed: 2 });
  });

  it("forgives an unserved update after a half-life", () => {
    const state = fork();
    punishFault(state, 1, "not-served", []);
    const { ratingHalfLife } = state.parameters;
    const later = state.meta.time + BigInt(ratingHalfLife) * 1000n + 1n;
    state.meta = { ...state.meta, time: later };
    punishFault(state, 1, "not-served", []);
    expect(state.nodes.at(1)).to.include({ notServedAt: later, auditsFailed: 2 });
    expect(state.nodes.at(1).bond).to.equal(state.nodes.at(2).bond);
  });

  it("takes from what is on its way back too, and loses no money on the way", () => {
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
    for (let update = 0; update < 40; update++) rewardGoodUpdate(state, 1);
    const { rating, verified, auditsPassed } = state.nodes.at(1);
    expect([verified >= 40_000, auditsPassed]).to.deep.equal([true, 40]);
    punishSilence(state, 1);
    expect(state.nodes.at(1).rating <= rating).to.equal(true);
  });
});

describe("punishFalseWitness", () => {
  it("takes no more bond than there is", () => {
    const state = fork();
    state.nodes.set(1, { ...state.nodes.at(1), bond: 7n });
    const before = supplyOf(state).total;
    punishFalseWitness(state, 1);
    expect(state.nodes.at(1)).to.include({ bond: 0n, failed: 1000 });
    expect(supplyOf(state).total).to.equal(before);
  });
});
