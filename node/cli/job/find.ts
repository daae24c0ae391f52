/** Finds a job by the beginning of its id, as `poml job list` shows it. */
import type { PomlClient } from "../../api/client.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";

const LEAST = 4;

/**
 * Returns a whole id unchanged; the beginning of an id is looked up among the newest jobs.
 * @param text may end in an ellipsis, because printed ids do
 * @throws CliError BAD_ARGUMENT, UNKNOWN_JOB
 */
export async function findJob(client: Pick<PomlClient, "jobs">, text: string): Promise<string> {
  const start = text.toLowerCase().replace(/(…|\.\.\.)$/, "");
  if (/^[0-9a-f]{64}$/.test(start)) return start;
  if (!/^[0-9a-f]{4,63}$/.test(start)) {
    throw usageError(
      "job",
      `${JSON.stringify(text)} is not an id, nor its first ${LEAST} characters or more`,
      "`npx poml job list` shows the ids",
    );
  }
  const matches = (await client.jobs()).jobs.filter(({ id }) => id.startsWith(start));
  const [found] = matches;
  if (found !== undefined && matches.length === 1) return found.id;
  const reason = found === undefined ? "none of the newest jobs starts so" : severalText(matches);
  throw new CliError(
    `job ${text}: ${reason}`,
    { code: "UNKNOWN_JOB", exit: EXIT.notFound, field: "job" },
    found === undefined ? "`npx poml job list` shows the ids" : "give more of the id",
  );
}

function severalText(jobs: readonly { readonly id: string }[]): string {
  return `${jobs.length} jobs start so: ${jobs.map(({ id }) => `${id.slice(0, 16)}…`).join(", ")}`;
}
