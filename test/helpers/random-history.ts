/** Random histories of a small chain: everything that may happen in a block, sense or nonsense. */
import fc from "fast-check";
import { encodeValue, VOTABLE_PARAMETERS } from "../../chain/governance/votable.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { type Person, person, type TestChain } from "./chain.ts";
import { auditAnswers, jobSpec, nextStep, openJob } from "./job-run.ts";
import { commit, countsOf, result, show, trained, verdict } from "./track-run.ts";
import { claim, registration, showing, verdictOf, verifiersOf } from "./window-run.ts";

/** What may happen in a block; numbers pick people, jobs and amounts. */
export type Action =
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
export const anyAction: fc.Arbitrary<Action> = fc.oneof(
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

/** Besides founders and client. */
export const strangers = [person("stranger 0"), person("stranger 1")];

/** A person of `from` or `to` is a founder, the client, or a stranger, in this order. */
export function transactionsOf(chain: TestChain, step: Action): SignedTransaction[] {
  const { state } = chain.head;
  const people = [...chain.founders, chain.client, ...strangers];
  const at = (index: number): Person => people[index] ?? chain.client;
  const jobAt = (index: number) => (index < state.jobs.length ? chain.job(index) : undefined);
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
