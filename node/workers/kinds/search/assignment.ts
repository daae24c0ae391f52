/**
 * How the pool carries out a search. If another worker takes over, it continues after the finished units; the worker
 * may get urgent tasks in between.
 */
import { unitNonces } from "../../../../chain/workload/search/units.ts";
import type { UnitResult } from "../../../../ml/search/search-units.ts";
import type { TaskControl, TaskProgress } from "../../task-control.ts";
import { breach, isWorkerCode } from "../../worker-error.ts";
import { algorithmInput, searchFields } from "../algorithm-task.ts";
import { digests } from "../digests/assignment.ts";
import type { Assignment, Attempt, ChosenWorker, Pool, Work } from "../work.ts";
import { SearchLease } from "./lease.ts";
import type { SearchOrder, SearchOutcome } from "./order.ts";
import { RemoteCheck } from "./remote-check.ts";
import {
  cutOfTask,
  MAX_BATCH_UNITS,
  type SearchControl,
  type SearchUnitsResult,
  type SearchUnitsTask,
} from "./task.ts";
import { decodeFind, decodeUnits, FIND_BYTES, UNIT_BYTES } from "./unit-bytes.ts";

export async function search(
  task: SearchUnitsTask,
  control: SearchControl,
  pool: Pool,
): Promise<SearchUnitsResult> {
  const { onProgress, isReplay = false, end } = control;
  const lease = new SearchLease(task, control);
  let before = 0;
  const work: Work<SearchUnitsResult> = {
    kind: "search",
    isUrgent: isReplay,
    isRemote: !isReplay,
    givesWay: { isForUrgent: !isReplay, after: "units" },
    turnUse: control.turnUse,
    soFar: () => ({ isWhole: lease.isWhole, result: lease.result() }),
    attempt: (worker, signal) => {
      before = lease.hashes;
      return worker.isChecked
        ? checkedAttempt(lease, worker, pool, { ...control, signal })
        : { assignment: searchAssignment(lease, believed(lease)) };
    },
  };
  const told = (progress: TaskProgress): void => {
    const steps = Number(unitNonces(cutOfTask(task), task.from, task.to));
    onProgress?.({ ...progress, step: before + progress.step, steps });
  };
  try {
    return await pool.run(work, { ...control, onProgress: told });
  } catch (error) {
    // The search ended while it waited for a worker, or for the replacement of a dead one.
    if (end?.aborted && isWorkerCode(error, "NO_WORKER", "ATTEMPTS")) return lease.result();
    throw error;
  }
}

/** Handles what a worker sends. */
type Receiver = Pick<RemoteCheck, "units" | "find">;

function believed(lease: SearchLease): Receiver {
  return { units: (units) => lease.add(units), find: (find) => lease.addFind(find) };
}

function checkedAttempt(
  lease: SearchLease,
  worker: ChosenWorker,
  pool: Pool,
  { deadlineMs, signal }: TaskControl & { readonly signal: AbortSignal },
): Attempt<SearchUnitsResult> {
  const failed = new AbortController();
  const control = { deadlineMs, signal };
  const check = new RemoteCheck(worker, lease, {
    draw: pool.draw,
    again: (unit) => replayed({ ...lease.task, from: unit, to: unit + 1n }, control, pool),
    digestOf: async (nonce) => {
      const [digest = new Uint8Array(0)] = await digests(
        { ...lease.task, nonces: [nonce] },
        control,
        pool,
      );
      return digest;
    },
    onFailed: (error) => {
      if (isWorkerCode(error, "SPOT_CHECK")) pool.setAside(worker, error.message);
      failed.abort();
    },
  });
  return {
    assignment: searchAssignment(lease, check),
    end: failed.signal,
    verify: () => check.end(),
    drop: () => check.close(),
  };
}

async function replayed(
  task: SearchUnitsTask,
  control: TaskControl,
  pool: Pool,
): Promise<UnitResult> {
  const { units } = await search(task, { ...control, isReplay: true }, pool);
  const [unit] = units;
  if (unit === undefined) throw new RangeError("a replay without units");
  return unit;
}

function searchAssignment(
  lease: SearchLease,
  receiver: Receiver,
): Assignment<SearchUnitsResult, SearchOrder, SearchOutcome> {
  const { task, next: from } = lease;
  const cut = cutOfTask(task);
  let next = from;
  return {
    order: {
      kind: "search",
      ...searchFields(task),
      unitBits: task.unitBits,
      jobFrom: `${task.jobFrom}`,
      jobTo: `${task.jobTo}`,
      from: `${from}`,
      to: `${task.to}`,
    },
    inputs: [algorithmInput(task)],
    limitOf: (name) => {
      if (name === "units") return MAX_BATCH_UNITS * UNIT_BYTES;
      return name === "find" ? FIND_BYTES : 0;
    },
    onOutput(name, index, bytes) {
      if (name === "find") {
        if (bytes.length !== FIND_BYTES) throw breach(`a find of ${bytes.length} bytes`);
        const find = decodeFind(bytes);
        lease.requireFind(find);
        receiver.find(find);
        return;
      }
      if (bytes.length % UNIT_BYTES !== 0) throw breach(`${bytes.length} bytes of units`);
      const units = decodeUnits(bytes, from + BigInt(index));
      lease.requireNext(units, next);
      next += BigInt(units.length);
      receiver.units(units);
    },
    finish({ units, hashes }) {
      if (from + BigInt(units) !== next) throw breach("a search's result that is not its units");
      const lost = hashes - Number(unitNonces(cut, from, next));
      const limit = 2 ** task.unitBits;
      if (lost < 0 || lost >= limit) throw breach(`${hashes} hashes of ${units} units`);
      lease.lose(lost);
      return lease.result();
    },
  };
}
