/** What is said of jobs of training. */
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import type { OutcomeTexts } from "../outcome-texts.ts";

export const TRAIN_TEXTS: OutcomeTexts = {
  complete: ({ spec }) => `All ${rounds(trainSpec(spec).rounds)} are recorded.`,
  target: (job) => {
    const target = trainSpec(job.spec).targetAccuracy / 10_000;
    return `The test accuracy it was to stop at, ${target} %, was reached in ${roundName(job)}.`;
  },
  working: ({ round, spec }) => `Round ${round} of ${trainSpec(spec).rounds} is being trained`,
  merging: (job) => `The updates of ${roundName(job)} are being merged and tested`,
  roundName,
  whatIsLeft,
  steadier: "order it again with a smaller learning rate, or with --clip-norm",
  ifDeclined:
    "order a smaller model or smaller batches: nodes decline what takes more memory than their owners allow",
  ifImpossible: "order with `npx poml job submit`, which checks all of it before it is opened",
};

function roundName({ round, spec }: Job): string {
  return `round ${round} of ${trainSpec(spec).rounds}`;
}

function whatIsLeft(job: Job): string {
  const isSettled = phaseOf(job) === "settled";
  if (job.round === 0) {
    const isPaid = isSettled && job.settlement.refund < job.escrow - job.opening;
    if (isPaid) return "There is no model; the unused escrow came back.";
    return `There is no model${isSettled ? "; the escrow came back, but for the price of its place" : ", and the unused escrow comes back"}.`;
  }
  const model = `The model of round ${job.round}${isSettled ? " is there" : " will be there once the job is settled"}`;
  return `${model}; the unused escrow ${isSettled ? "came" : "comes"} back.`;
}

function rounds(count: number): string {
  return count === 1 ? "1 round" : `${count} rounds`;
}
