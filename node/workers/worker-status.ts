/** A worker as the node shows it. */
export interface WorkerStatus {
  readonly id: string;
  readonly kind: "local" | "remote";
  /** `set-aside`: it sent a wrong result, and gets no tasks. */
  readonly state: "starting" | "idle" | "busy" | "suspect" | "failed" | "set-aside";
  /** What it is doing, for people. */
  readonly task: string | undefined;
}
