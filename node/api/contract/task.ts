/** Long-running work on a node: what it does, its progress, and its result. */
import { z } from "zod";
import { DatasetJson } from "./dataset.ts";
import { Problem } from "./problem.ts";
import { Fraction } from "./scalar.ts";

export const TaskJson = z.object({
  id: z.string(),
  kind: z.literal("dataset-import"),
  state: z.enum(["queued", "running", "done", "failed", "cancelled"]),
  progress: Fraction,
  step: z.string().describe("what it does now"),
  started: z.number().describe("Unix milliseconds"),
  ended: z.number().optional(),
  dataset: DatasetJson.optional().describe("the result, once it is done"),
  problem: Problem.optional().describe("why it failed"),
});
export type TaskJson = z.infer<typeof TaskJson>;

export const TaskList = z.object({ tasks: z.array(TaskJson) });
