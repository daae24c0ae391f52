import { expect } from "chai";
import { JOB_OUTCOMES, JOB_PHASES, type Job, UPDATE_CHECKS } from "../../../chain/types/job.ts";
import { describeOutcome, hasModel, recordedRounds } from "../../../node/jobs/job-outcome.ts";
import { requireModel } from "../../../node/jobs/train/model-files.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { jobOf, jobSpec, openJob, withFields } from "../../helpers/job-run.ts";

type Told = Partial<Omit<Job, "phase" | "outcome">> & {
  readonly phase: (typeof JOB_PHASES)[number];
  readonly outcome?: (typeof JOB_OUTCOMES)[number];
};

describe("the outcome of a job", () => {
  const chain = new TestChain();
  const open = openJob(chain, chain.client, jobSpec("job", { rounds: 5, quorum: 3 }));
  chain.advance(open);
  chain.advance();
  const drawn = jobOf(chain, open);
  const job = ({ phase, outcome = "open", ...fields }: Told): Job => ({
    ...drawn,
    phase: JOB_PHASES.indexOf(phase),
    outcome: JOB_OUTCOMES.indexOf(outcome),
    ...fields,
  });
  const check = (name: (typeof UPDATE_CHECKS)[number]) => ({
    node: 1,
    updateHash: new Uint8Array(32),
    check: UPDATE_CHECKS.indexOf(name),
  });

  it("of a running job is its progress", () => {
    const drawing = describeOutcome(job({ phase: "drawing", round: 0 }));
    expect(drawing).to.include({ state: "running" });
    expect(drawing.reason).to.contain("being drawn");
    const again = job({ phase: "training", round: 2, extensions: 1 });
    expect(describeOutcome(again).reason).to.contain("Round 2 of 5").and.contain("second time");
    expect([recordedRounds(again), hasModel(again)]).to.deep.equal([1, false]);
    expect(describeOutcome(job({ phase: "revealing", round: 3 })).reason).to.contain("merged");
  });

  it("is done after all rounds, and at the target", () => {
    const complete = job({ phase: "settled", outcome: "complete", round: 5 });
    expect(describeOutcome(complete)).to.deep.equal({
      state: "done",
      reason: "All 5 rounds are recorded.",
      remedy: undefined,
    });
    const spec = withFields(drawn.spec, { targetAccuracy: 905_000 });
    const target = describeOutcome(job({ phase: "settled", outcome: "target", round: 2, spec }));
    expect(target.state).to.equal("done");
    expect(target.reason).to.contain("90.5 %").and.contain("round 2 of 5");
  });

  it("is not done for a job that failed in its last round", () => {
    const failed = job({ phase: "settled", outcome: "no-quorum", round: 4, extensions: 2 });
    const { state, reason, remedy } = describeOutcome(failed);
    expect(state).to.equal("failed");
    expect(reason).to.contain("Round 5 did not get the 3 updates").and.contain("started 3 times");
    expect(remedy).to.match(/npx poml job show [0-9a-f]{12}`/);
    expect([recordedRounds(failed), hasModel(failed)]).to.deep.equal([4, true]);
  });

  it("says that nobody could be drawn, and what would help", () => {
    const { escrow, opening } = drawn;
    const settlement = { ...drawn.settlement, refund: escrow - opening, burned: opening };
    const undrawn = job({ phase: "settled", outcome: "undrawn", round: 0, settlement });
    const { state, reason, remedy } = describeOutcome(undrawn);
    expect(state).to.equal("undrawn");
    expect(reason)
      .to.contain("needs 3 nodes")
      .and.contain("the escrow came back, but for the price of its place");
    expect(remedy).to.contain("smaller quorum");
    const refusal = expectCode(() => requireModel(undrawn), "JOB_HAS_NO_MODEL");
    expect(refusal.message).not.to.contain("yet");
  });

  it("of a cancelled job keeps the model of its recorded rounds, and promises none without", () => {
    const early = job({ phase: "cancelled", outcome: "cancelled", round: 0 });
    expect(describeOutcome(early).reason).to.contain("There is no model");
    expectCode(() => requireModel(early), "JOB_HAS_NO_MODEL");
    const later = job({ phase: "cancelled", outcome: "cancelled", round: 2 });
    expect(describeOutcome(later).reason).to.contain("model of round 2 will be there");
    expectCode(() => requireModel(later), "JOB_NOT_FINISHED");
    const settled = job({ phase: "settled", outcome: "cancelled", round: 2 });
    expect(describeOutcome(settled).reason)
      .to.contain("after round 2 of 5")
      .and.contain("is there");
    requireModel(settled);
  });

  it("names the failed checks of a refused round, and a remedy that fits", () => {
    const long = describeOutcome(
      job({ phase: "failed", outcome: "refused", round: 0, refused: [check("norm")] }),
    );
    expect(long.reason).to.contain("far longer");
    expect(long.remedy).to.contain("learning rate");
    const broken = describeOutcome(
      job({ phase: "failed", outcome: "refused", round: 0, refused: [check("format")] }),
    );
    expect(broken.remedy).not.to.contain("learning rate");
    const diverged = describeOutcome(
      job({ phase: "failed", outcome: "diverged", round: 0, refused: [check("diverged")] }),
    );
    expect(diverged.reason).to.contain("diverged in round 1: at 1 of 4 nodes");
  });

  it("has a whole sentence for every way a job can end", () => {
    for (const outcome of JOB_OUTCOMES.slice(1)) {
      for (const phase of ["failed", "settled"] as const) {
        for (const round of [0, 2]) {
          const { reason, state } = describeOutcome(job({ phase, outcome, round }));
          expect(reason, outcome)
            .to.match(/^[A-Z].*\.$/)
            .and.not.match(/undefined|NaN/);
          expect(state).not.to.equal("running");
        }
      }
    }
  });
});
