/**
 * A node that follows the chain as it should, and cheats when it is paid for training or takes part in
 * benchmark windows; POML_TEST_CHEAT says how:
 *
 *   lazy      hands the global model back, a little moved so that it passes for trained
 *   random    changes the weights at random, as far as the team lets pass
 *   half      trains half of the epochs
 *   copier    commits to what another participant has committed to
 *   inflater  claims the most samples that the chain takes
 *   forger    claims segments of a window that it did not work
 *   framer    finds every segment of others' claims to end in another state
 */
import { sha256 } from "../../../chain/crypto/hash.ts";
import { hasCommitted } from "../../../chain/job/phase.ts";
import { type Payloads, TRANSACTION_KINDS } from "../../../chain/types/transaction.ts";
import { shardLimit } from "../../../chain/workload/train/price.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import { bytesOfFloats, floatsOfBytes } from "../../../ml/bytes.ts";
import { encodeCheckpoint, stateHash } from "../../../ml/training/checkpoint.ts";
import { TrainingPlan } from "../../../ml/training/plan.ts";
import type { RunningNode } from "../../../node/compose/node.ts";
import { wholeOf } from "../../../node/workers/blob-source.ts";
import type {
  TrainControl,
  TrainTask,
  TrainTaskResult,
} from "../../../node/workers/kinds/train/task.ts";
import { WorkerPool } from "../../../node/workers/pool.ts";
import { runAsNode } from "../faults/mains/run-as-node.ts";

type Train = (task: TrainTask, control: TrainControl) => Promise<TrainTaskResult>;

const cheat = process.env.POML_TEST_CHEAT ?? "";
const honest = WorkerPool.prototype.train;

/** Only training for pay keeps its states; whole updates of others are replayed with the same task. */
function cheatingOnly(train: (run: Train, ...args: Parameters<Train>) => Promise<TrainTaskResult>) {
  WorkerPool.prototype.train = function (task, control) {
    const run: Train = (...args) => honest.call(this, ...args);
    return control.onState === undefined ? run(task, control) : train(run, task, control);
  };
}

/** A run that ends where the cheat wants, with checkpoints that fit its end and nothing else. */
async function madeUp(
  task: TrainTask,
  { onState }: TrainControl,
  parametersAt: (start: Float32Array, boundary: number) => Float32Array,
): Promise<TrainTaskResult> {
  const start = floatsOfBytes(await wholeOf(task.parameters));
  const { epochs, seed, hyperparameters, dataset } = task;
  const { train } = dataset.index;
  const rows = task.chunks.reduce((sum, chunk) => sum + (train.rows[chunk] ?? 0), 0);
  const plan = new TrainingPlan({ rows, epochs, batchSize: hyperparameters.batchSize, seed });
  const states = Array.from({ length: plan.segments + 1 }, (_, boundary) => ({
    parameters: boundary === 0 ? start : parametersAt(start, boundary),
    optimizerState: new Float32Array(start.length),
  }));
  states.forEach((state, boundary) => {
    if (boundary > 0) onState?.(boundary, encodeCheckpoint(state));
  });
  const last = states.at(-1) ?? { parameters: start, optimizerState: start };
  return {
    parameters: last.parameters,
    steps: plan.steps,
    samples: rows * epochs,
    meanLoss: 1,
    checkpoints: states.map(stateHash),
    optimizerHash: sha256(bytesOfFloats(last.optimizerState)),
    durationMs: 1000,
  };
}

function changeCommits(
  { ledger }: RunningNode,
  change: (commit: Payloads["job-commit"]) => Promise<Partial<Payloads["job-commit"]>>,
): void {
  const send = ledger.duties.send.bind(ledger.duties);
  ledger.duties.send = async (payload, lifetime) => {
    if (TRANSACTION_KINDS[payload.selector] !== "job-commit") return send(payload, lifetime);
    const commit = payload.value as Payloads["job-commit"];
    const value = { ...commit, ...(await change(commit)) };
    return send({ ...payload, value } as typeof payload, lifetime);
  };
}

function jobOf({ ledger }: RunningNode, id: Uint8Array) {
  const { state } = ledger.chain;
  return state.jobs.at(state.jobIndex(id) ?? -1);
}

async function othersCommit(node: RunningNode, id: Uint8Array) {
  for (;;) {
    const other = jobOf(node, id).participants.find(hasCommitted);
    if (other !== undefined) return other;
    await new Promise<void>((resolve) => {
      const off = node.ledger.chain.onBlock(() => {
        off();
        resolve();
      });
    });
  }
}

const CHEATS: Readonly<Record<string, () => (node: RunningNode) => void>> = {
  lazy() {
    const moved = (start: Float32Array, boundary: number) =>
      start.map((value, i) => value + (i === 0 ? boundary / 1000 : 0));
    cheatingOnly((_, task, control) => madeUp(task, control, moved));
    return () => {};
  },
  random() {
    cheatingOnly((_, task, control) =>
      madeUp(task, control, (start) => start.map((value) => value + (Math.random() - 0.5) / 50)),
    );
    return () => {};
  },
  half() {
    cheatingOnly(async (run, task, control) => {
      const epochs = task.epochs / 2;
      const result = await run({ ...task, epochs }, control);
      return { ...result, samples: 2 * result.samples };
    });
    return () => {};
  },
  copier: () => (node) => {
    changeCommits(node, async ({ job }) => {
      const { updateHash, checkpointRoot, updateBytes } = await othersCommit(node, job);
      return { updateHash, checkpointRoot, updateBytes };
    });
  },
  inflater: () => (node) => {
    changeCommits(node, async ({ job, units }) => {
      const { spec, participants } = jobOf(node, job);
      const limit = shardLimit(trainSpec(spec), participants.length);
      return { units: limit > units ? limit : 2 * units };
    });
  },
  forger() {
    const { baseline } = WorkerPool.prototype;
    WorkerPool.prototype.baseline = async function (task, control) {
      const states: Uint8Array[] = [];
      const keep = { ...control, onState: (i: number, state: Uint8Array) => (states[i] = state) };
      const { checkpoints, ...result } = await baseline.call(this, task, keep);
      const forged = states.map((state, i) => (i === 0 ? state : sha256(state)));
      for (const [i, state] of forged.entries()) control.onState?.(i, state);
      return { ...result, checkpoints: checkpoints.map((_, i) => sha256(forged[i] ?? task.seed)) };
    };
    return () => {};
  },
  framer() {
    const { replay } = WorkerPool.prototype;
    WorkerPool.prototype.replay = async function (...args) {
      return sha256(await replay.apply(this, args));
    };
    return () => {};
  },
};

const onStarted = CHEATS[cheat]?.();
if (onStarted === undefined) throw new Error(`no cheat ${cheat}`);
await runAsNode({ onStarted });
