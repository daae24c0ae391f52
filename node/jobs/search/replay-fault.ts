/** Failures of a replay, or of a check, by which no honest participant can have come to its claim. */
import { AlgorithmError } from "../../../ml/search/algorithm-error.ts";
import { WorkerError } from "../../workers/worker-error.ts";

const THEIRS: readonly string[] = ["ALGORITHM_TRAPPED", "ALGORITHM_RESULT"];

export function isFaultOfClaim(error: unknown): boolean {
  if (error instanceof AlgorithmError) return THEIRS.includes(error.code);
  const { facts } = error instanceof WorkerError ? error : {};
  return facts?.code === "TASK_FAILED" && THEIRS.includes(facts.reason);
}
