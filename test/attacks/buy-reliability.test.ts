/**
 * A client orders jobs for next to nothing, of one row each, so that its nodes among the participants collect verified
 * rounds: reliability, and the end of the whole replays that newcomers get. Played over sizes of jobs and their
 * number between two windows; inequality: verified units <= operations replayed / operations of a unit, and <= 1.
 */
import { expect } from "chai";
import { rewardGoodUpdate } from "../../chain/audit/penalty.ts";
import { replayOperations } from "../../chain/audit/replay-operations.ts";
import { factorsOf, ratingOf, reliabilityOf, UNIT } from "../../chain/rating/formula.ts";
import type { State } from "../../chain/state/state.ts";
import { ALL_SEGMENTS } from "../../chain/types/audit.ts";
import { TestChain } from "../helpers/chain.ts";
import { jobSpec } from "../helpers/job-run.ts";
import { BareChain } from "../sim/bare-chain.ts";
import { ledgerOf, WindowRounds } from "../sim/window-rounds.ts";

const UNIT_OPERATIONS = 1_000_000_000_000n;
const BUYER = 1;

function newcomer(): State {
  const { state } = new TestChain({ parameters: { unitOperations: UNIT_OPERATIONS } }).head;
  state.nodes.set(BUYER, { ...state.nodes.at(BUYER), verified: 0 });
  return state;
}

function show(state: State): string {
  const node = state.nodes.at(BUYER);
  const rating = ratingOf(factorsOf(node, state.meta.time, state.parameters));
  const balance = state.account(new BareChain(4, {}, 1).person(BUYER).address).balance;
  return `balance ${balance}, rating ${rating}, reliability ${reliabilityOf(node)}, passed ${node.auditsPassed}`;
}

describe("attack: buy reliability with rounds of one row", function () {
  this.timeout(60_000);

  for (const rows of [1, 10, 1_000, 100_000, 10_000_000]) {
    it(`rows ${rows}: a node gets credit for the replayed work, and at most that of one window`, () => {
      for (const operations of [1_000n, 340_000n, 100_000_000n]) {
        for (const rounds of [1, 100, 10_000]) {
          const state = newcomer();
          const before = show(state);
          const spec = jobSpec("job", { operations, parameterCount: 100 });
          const replayed = replayOperations({ units: rows, segment: ALL_SEGMENTS }, spec);
          for (let round = 0; round < rounds; round++) rewardGoodUpdate(state, BUYER, replayed);
          const { verified, auditsPassed } = state.nodes.at(BUYER);
          const units = Number(replayed * BigInt(rounds)) / Number(UNIT_OPERATIONS);
          if (rounds === 10_000) {
            process.stdout.write(
              `      ${rounds} x ${rows} rows x ${operations}: ${before} -> ${show(state)}\n`,
            );
          }
          const each = Number((BigInt(UNIT) * replayed) / UNIT_OPERATIONS);
          expect(verified, "honest work counts").to.equal(Math.min(UNIT, rounds * each));
          expect(verified / UNIT).to.be.at.most(Math.min(1, units));
          if (replayed < UNIT_OPERATIONS / BigInt(UNIT)) expect(auditsPassed).to.equal(0);
        }
      }
    });
  }

  it("work on one's own jobs at most doubles the pace of a node that wins every window", () => {
    const ratings = [false, true].map((buys) => {
      const rounds = new WindowRounds({ nodes: 6, seed: 3, parameters: { verifiers: 3 } });
      const { nodes } = rounds.state;
      for (const index of [0, 1]) nodes.set(index, { ...nodes.at(index), verified: 0 });
      for (let window = 0; window < 20; window++) {
        for (let i = 0; buys && i < 50; i++) rewardGoodUpdate(rounds.state, 0, 10n ** 15n);
        rounds.run(1);
      }
      const [buyer, twin] = [ledgerOf(rounds, 0), ledgerOf(rounds, 1)];
      process.stdout.write(
        `      ${buys ? "buys" : "does not"}: ${JSON.stringify(buyer)}, twin ${JSON.stringify(twin)}\n`,
      );
      return { node: nodes.at(0), twin: nodes.at(1) };
    });
    const [plain, bought] = ratings;
    expect(bought?.node.verified).to.be.at.most(2 * (plain?.node.verified ?? 0) + 1000);
    expect(bought?.twin.verified).to.equal(plain?.twin.verified);
  });
});
