/** What workers are asked to do. */
export type TaskKind = "train" | "retrain" | "evaluate" | "baseline" | "replay" | "track";
