/** Follows a job on the terminal until it is settled, and prints its result. */
import type { PomlClient } from "../../api/client.ts";
import type { JobDetail, RoundJson } from "../../api/contract/jobs/job.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { createProgress } from "../progress.ts";
import { followJob, isComplete } from "./follow.ts";
import { outcomeWord, roundLine, showRounds, stateText } from "./show.ts";
import { viewOf } from "./views.ts";

/** @returns milliseconds @throws CliError BAD_ARGUMENT */
export function timeoutOf(seconds: string): number {
  const timeoutMs = 1000 * Number(seconds);
  if (timeoutMs > 0 && Number.isFinite(timeoutMs)) return timeoutMs;
  throw usageError("timeout", "not a positive number", "give seconds");
}

/** @throws CliError JOB_INCOMPLETE for a job that did less than was ordered, TIMEOUT */
export async function watch(
  client: PomlClient,
  id: string,
  timeoutMs: number,
  context: CliContext,
): Promise<void> {
  const { output, signal } = context;
  const progress = await createProgress(output);
  const bar = progress.bar("done", { isMain: true });
  try {
    const job = await followJob(client, id, {
      timeoutMs,
      signal,
      onJob: (seen) => bar.update(viewOf(seen).share(seen), stateText(seen)),
      onRound: (round, of) => progress.line(roundLine(round, of)),
    });
    progress.stop();
    const { rounds } = await client.rounds(id);
    if (!isComplete(job)) throw incomplete(job, rounds, context);
    output.result({ ...job, records: rounds }, () => {
      showRounds(output, rounds, job);
      output.line(`\n${job.outcome.reason}`);
      viewOf(job).showNext(output, job);
    });
  } finally {
    progress.stop();
  }
}

/** With --json the error contains the job, because a program gets one object only. */
function incomplete(
  found: JobDetail,
  records: readonly RoundJson[],
  { output }: CliContext,
): CliError {
  if (records.length > 0 && !output.json) showRounds(output, records, found);
  const { outcome, ...job } = found;
  const { reason, remedy } = outcome;
  return new CliError(
    `job ${job.id} ${outcomeWord(found)}: ${reason}`,
    { code: "JOB_INCOMPLETE", exit: EXIT.failure, job: { ...job, outcome, records } },
    remedy ?? `order it again with \`${viewOf(found).orderCommand}\``,
  );
}
