import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../chain/crypto/hash.ts";
import { encodeValue, VOTABLE_PARAMETERS } from "../../chain/governance/votable.ts";
import { State } from "../../chain/state/state.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { type Person, person, TestChain } from "../helpers/chain.ts";
import { doubleVote } from "../helpers/evidence.ts";
import { auditAnswers, jobSpec, nextStep, openJob } from "../helpers/job-run.ts";
import { partsOf } from "../helpers/state.ts";
import { commit, countsOf, result, show, trained, verdict } from "../helpers/track-run.ts";
import { claim, registration, showing, verdictOf, verifiersOf } from "../helpers/window-run.ts";

/** What may happen in a block; numbers pick people, jobs and amounts. */
type Action =
  | { kind: "transfer"; from: number; to: number; amount: bigint }
  | { kind: "bond"; from: number; amount: bigint }
  | { kind: "register"; from: number }
  | { kind: "open"; rounds: number; price: bigint }
  | { kind: "step" | "cancel"; job: number }
  | { kind: "claim"; from: number; segments: number }
  | { kind: "judge"; verdict: number }
  | { kind: "unbond"; from: number; amount: bigint }
  | { kind: "vote"; from: number; feeRate: number }
  | { kind: "fault"; from: number }
  | { kind: "skip"; round: number }
  | { kind: "audit"; job: number; answers: number }
  | { kind: "track"; right: number; answers: number };

const who = fc.nat(6);
const amount = fc.bigInt({ min: 0n, max: 200_000_000n });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("transfer" as const), from: who, to: who, amount }),
  fc.record({ kind: fc.constant("bond" as const), from: who, amount }),
  fc.record({ kind: fc.constant("register" as const), from: who }),
  fc.record({
    kind: fc.constant("open" as const),
    rounds: fc.integer({ min: 1, max: 3 }),
    price: fc.bigInt({ min: 1n, max: 50n }),
  }),
  fc.record({ kind: fc.constant("step" as const), job: fc.nat(3) }),
  fc.record({ kind: fc.constant("step" as const), job: fc.nat(3) }),
  fc.record({ kind: fc.constant("cancel" as const), job: fc.nat(3) }),
  fc.record({ kind: fc.constant("claim" as const), from: who, segments: fc.nat(60) }),
  fc.record({ kind: fc.constant("judge" as const), verdict: fc.nat(2) }),
  fc.record({
    kind: fc.constant("unbond" as const),
    from: fc.nat(3),
    amount: fc.constantFrom(1n, 500_000_000n, 1_000_000_000n),
  }),
  fc.record({
    kind: fc.constant("vote" as const),
    from: fc.nat(3),
    feeRate: fc.constantFrom(10_000, 20_000),
  }),
  fc.record({ kind: fc.constant("fault" as const), from: fc.nat(20) }),
  fc.record({ kind: fc.constant("skip" as const), round: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant("audit" as const), job: fc.nat(3), answers: fc.nat(80) }),
  fc.record({ kind: fc.constant("audit" as const), job: fc.nat(3), answers: fc.nat(80) }),
  fc.record({
    kind: fc.constant("track" as const),
    right: fc.constantFrom(90, 124, 140),
    answers: fc.nat(80),
  }),
);

const strangers = [person("stranger 0"), person("stranger 1")];

function transactionsOf(chain: TestChain, step: Action): SignedTransaction[] {
  const { state } = chain.head;
  const people = [...chain.founders, chain.client, ...strangers];
  const at = (index: number): Person => people[index] ?? chain.client;
  const jobAt = (index: number) => (index < state.jobs.length ? state.jobs.at(index) : undefined);
  switch (step.kind) {
    case "transfer": {
      const value = { to: at(step.to).address, amount: step.amount };
      return [chain.transaction(at(step.from), "transfer", value)];
    }
    case "bond":
      return [chain.transaction(at(step.from), "bond", { amount: step.amount })];
    case "register":
      return [chain.transaction(at(step.from), "register", registration(at(step.from)))];
    case "open": {
      const { rounds, price } = step;
      const numbers = { rounds, pricePerSample: price, phaseBlocks: 4, quorum: 2 };
      return [openJob(chain, chain.client, jobSpec(`job ${state.jobs.length}`, numbers))];
    }
    case "step": {
      const job = jobAt(step.job);
      return job === undefined ? [] : nextStep(chain, job);
    }
    case "cancel": {
      const job = jobAt(step.job);
      return job === undefined
        ? []
        : [chain.transaction(chain.client, "job-cancel", { job: job.id })];
    }
    case "claim":
      return [claim(chain, at(step.from), step.segments)];
    case "judge": {
      const verdict = (["match", "mismatch", "not-served"] as const)[step.verdict] ?? "match";
      const first = state.claims[0];
      if (first === undefined) return [];
      const { node, appeal } = first;
      const members = appeal.members.map(({ verifier }) => verifier);
      const given = [...verifiersOf(first), ...members].map((v) =>
        verdictOf(chain, v, node, verdict),
      );
      return members.length === 0 ? given : [...given, showing(chain, node)];
    }
    case "unbond":
      return [chain.transaction(at(step.from), "unbond", { amount: step.amount })];
    case "vote": {
      const parameter = VOTABLE_PARAMETERS.indexOf("feeRate");
      const value = encodeValue(step.feeRate);
      return [chain.transaction(at(step.from), "parameter-vote", { parameter, value })];
    }
    case "audit": {
      const job = jobAt(step.job);
      const kinds = ["match", "mismatch", "not-served"] as const;
      return job === undefined
        ? []
        : auditAnswers(
            chain,
            job,
            ({ node }, of) => kinds[((step.answers >> (node % 4)) + of) % 3],
          );
    }
    case "track":
      return trackStep(chain, step);
    case "fault":
    case "skip":
      return [];
  }
}

/** What the founders may do on the open track now, true or not. */
function trackStep(
  chain: TestChain,
  { right, answers }: { readonly right: number; readonly answers: number },
): SignedTransaction[] {
  const { track, trackEntries } = chain.head.state;
  const number = { track: track.number };
  const height = chain.height + 1;
  if (height <= track.commitsUntil) {
    return chain.founders.map((founder) => commit(chain, founder, number));
  }
  return trackEntries.flatMap(({ node, judges }) => {
    const who = chain.personOfNode(node);
    if (height <= track.resultsUntil) {
      return [result(chain, who, { ...number, counts: countsOf(right) })];
    }
    if (height > track.verdictsUntil) return [show(chain, node, node, number)];
    return judges.map((judge) => {
      const isTrue = (answers >> (judge.node % 4)) % 2 === 0;
      const answer = { ...trained(who), counts: countsOf(isTrue ? right : right + 1) };
      return verdict(chain, judge.node, node, answer, track.number);
    });
  });
}

describe("any sequence of blocks", () => {
  it("conserves the supply, and every replay reaches the same roots", () => {
    const blocks = fc.array(fc.array(action, { maxLength: 5 }), { minLength: 20, maxLength: 60 });
    const applied = new Map<string, number>();
    fc.assert(
      fc.property(blocks, (sequence) => {
        const parameters = { blockReward: 1000n, workReward: 16_000n, trackInterval: 30 };
        const chain = new TestChain({ parameters });
        for (const stranger of strangers) chain.know(stranger);
        chain.know(chain.client);
        const supply = chain.supply();
        for (const actions of sequence) {
          const wanted = actions.flatMap((step) => {
            const transactions = transactionsOf(chain, step);
            return transactions.map((transaction) => ({ step, transaction }));
          });
          const evidence = actions.flatMap((step) => {
            const guilty = step.kind === "fault" ? chain.founders[step.from] : undefined;
            return guilty === undefined ? [] : [doubleVote(chain, guilty)];
          });
          const skip = actions.find((step) => step.kind === "skip");
          const block = chain.build(
            wanted.map(({ transaction }) => transaction),
            skip?.round,
            1_000_000,
            evidence,
          );
          const count = (kind: string, by: number) => {
            if (by > 0) applied.set(kind, (applied.get(kind) ?? 0) + by);
          };
          count("fault", block.body.evidence.length);
          count("skip", block.header.round);
          const taken = new Set(block.body.transactions);
          for (const { step, transaction } of wanted) {
            if (taken.has(transaction)) count(step.kind, 1);
          }
          chain.take(block);
          expect(chain.supply()).to.equal(supply);
        }
        const root = toHex(chain.head.state.root());
        expect(toHex(State.of(partsOf(chain.head.state)).root())).to.equal(root);
        const replay = new TestChain({ parameters });
        for (const block of chain.blocks) replay.take(block);
        expect(toHex(replay.head.state.root())).to.equal(root);
      }),
      { seed: 5, numRuns: 12 },
    );
    // The sequences really contain everything.
    const kinds = ["transfer", "bond", "register", "open", "step", "cancel", "claim", "judge"];
    kinds.push("unbond", "vote", "fault", "skip", "audit", "track");
    expect([...applied.keys()]).to.have.members(kinds);
  });
});
