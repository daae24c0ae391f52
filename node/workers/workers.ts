/** What a node can ask of its workers. protocol.ts defines how it travels. */
import type { TrackRun, TrackRunResult } from "../../ml/track/run.ts";
import type { BaselineControl, BaselineTask, BaselineTaskResult } from "./kinds/baseline/task.ts";
import type { EvaluateTask, EvaluateTaskResult } from "./kinds/evaluate/task.ts";
import type { ControlOf, ResultOf, TaskKind, TaskOf } from "./kinds/kinds.ts";
import type { ReplayTask } from "./kinds/replay/task.ts";
import type { RetrainTask, RetrainTaskResult } from "./kinds/retrain/task.ts";
import type { SearchWorkers } from "./kinds/search/workers.ts";
import type { TrainControl, TrainTask, TrainTaskResult } from "./kinds/train/task.ts";
import type { TaskControl } from "./task-control.ts";

/** Every method throws WorkerError. All but the last are shorthand for it. */
export interface Workers extends SearchWorkers {
  train(task: TrainTask, control: TrainControl): Promise<TrainTaskResult>;
  retrain(task: RetrainTask, control: TaskControl): Promise<RetrainTaskResult>;
  evaluate(task: EvaluateTask, control: TaskControl): Promise<EvaluateTaskResult>;
  baseline(task: BaselineTask, control: BaselineControl): Promise<BaselineTaskResult>;
  /** @returns SHA-256 of the state at the end of the segment */
  replay(task: ReplayTask, control: TaskControl): Promise<Uint8Array>;
  /** A node's training on the open track: its own, or one that it judges. */
  track(run: TrackRun, control: TaskControl): Promise<TrackRunResult>;
  /** A task of any kind. */
  run<K extends TaskKind>(kind: K, task: TaskOf<K>, control: ControlOf<K>): Promise<ResultOf<K>>;
}
