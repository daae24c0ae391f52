import { expect } from "chai";
import { isWatched, punishFalseWitness, punishFault } from "../../../chain/audit/penalty.ts";
import { startUnbonding } from "../../../chain/bond/unbonding.ts";
import { POML } from "../../../chain/genesis.ts";
import type { State } from "../../../chain/state/state.ts";
import { supplyOf } from "../../../chain/supply/supply.ts";
import { TestChain } from "../../helpers/chain.ts";

function fork(): State {
  return new TestChain().head.state.fork();
}

describe("punishFault", () => {
  it("takes reliability from who did not serve, and the rating when it happens again", () => {
    const state = fork();
    const { rating, bond } = state.nodes.at(1);
    expect(punishFault(state, 1, "not-served", [2])).to.equal(undefined);
    expect(state.nodes.at(1)).to.include({ rating, bond, reliability: 900_000 });
    expect(punishFault(state, 1, "not-served", [2])).to.include({ before: rating, after: 0n });
    expect(state.nodes.at(1)).to.include({ rating: 0n, bond: bond / 2n, auditsFailed: 2 });
  });

  it("forgets an unserved update after enough good ones", () => {
    const state = fork();
    punishFault(state, 1, "not-served", []);
    const node = state.nodes.at(1);
    expect(isWatched(node, state.parameters)).to.equal(true);
    state.nodes.set(1, { ...node, auditsPassed: state.parameters.newcomerAudits });
    expect(punishFault(state, 1, "not-served", [])).to.equal(undefined);
    expect(state.nodes.at(1).bond).to.equal(node.bond);
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

describe("punishFalseWitness", () => {
  it("takes no more bond than there is", () => {
    const state = fork();
    state.nodes.set(1, { ...state.nodes.at(1), bond: 7n });
    const before = supplyOf(state).total;
    punishFalseWitness(state, 1);
    expect(state.nodes.at(1)).to.include({ bond: 0n, reliability: 500_000 });
    expect(supplyOf(state).total).to.equal(before);
  });
});
