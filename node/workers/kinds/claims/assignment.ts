import { toHex } from "../../../../chain/crypto/hash.ts";
import { MAX_CLAIM_RUNS } from "../../../../chain/workload/search/claims-file.ts";
import type { TaskControl } from "../../task-control.ts";
import { breach } from "../../worker-error.ts";
import { algorithmInput, searchFields } from "../algorithm-task.ts";
import { Outputs } from "../outputs.ts";
import { MAX_TASK_FINDS } from "../search/task.ts";
import { decodeFind, FIND_BYTES } from "../search/unit-bytes.ts";
import type { Assignment, Pool } from "../work.ts";
import type { ClaimsOrder, ClaimsOutcome } from "./order.ts";
import type { ClaimsTask, UnitRun, WeighedClaims } from "./task.ts";
import { decodeRuns, RUN_BYTES } from "./unit-run-bytes.ts";

/** @returns undefined for a file to which no honest node commits */
export function claims(
  task: ClaimsTask,
  control: TaskControl,
  pool: Pool,
): Promise<WeighedClaims | undefined> {
  const attempt = () => ({ assignment: claimsAssignment(task) });
  return pool.run({ kind: "claims", isUrgent: true, isRemote: false, attempt }, control);
}

function claimsAssignment(
  task: ClaimsTask,
): Assignment<WeighedClaims | undefined, ClaimsOrder, ClaimsOutcome> {
  const { unitBits, jobFrom, jobTo, place } = task;
  const { job, round, node, units } = place;
  const outputs = new Outputs({
    runs: RUN_BYTES * MAX_CLAIM_RUNS,
    finds: FIND_BYTES * MAX_TASK_FINDS,
  });
  const cut = { unitBits, jobFrom: String(jobFrom), jobTo: String(jobTo) };
  return {
    order: {
      kind: "claims",
      ...searchFields(task),
      ...cut,
      ...{ job: toHex(job), round, node, units },
    },
    inputs: [algorithmInput(task), { name: "file", blobs: [task.file], isKept: false }],
    limitOf: outputs.limitOf,
    onOutput: outputs.keep,
    finish({ isRight, share, runs, finds }) {
      if (!isRight) return undefined;
      const taken = (name: string, size: number): Uint8Array =>
        size === 0 ? new Uint8Array(0) : outputs.take(name, size);
      const found = taken("finds", FIND_BYTES * finds);
      return {
        runs: runsWithin(taken("runs", RUN_BYTES * runs), units),
        finds: Array.from({ length: finds }, (_, i) =>
          decodeFind(found.subarray(FIND_BYTES * i, FIND_BYTES * (i + 1))),
        ),
        share: BigInt(share),
      };
    },
  };
}

/** @throws WorkerError PROTOCOL unless they have so many units */
function runsWithin(bytes: Uint8Array, units: number): UnitRun[] {
  let runs: UnitRun[];
  try {
    runs = decodeRuns(bytes);
  } catch (error) {
    throw breach(error instanceof Error ? error.message : String(error));
  }
  const count = runs.reduce((sum, { from, to }) => sum + to - from, 0);
  if (count !== units) throw breach(`${count} claimed units instead of ${units}`);
  return runs;
}
