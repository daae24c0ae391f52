import type { HelperLimits } from "../../../helpers/helper.ts";

/** For the largest model and as many updates as a job may have; most merges take a second. */
export const MERGE_LIMITS: HelperLimits = {
  timeMs: 2 * 60 * 60_000,
  cpuMs: 60 * 60_000,
  memoryBytes: 768 * 1024 * 1024,
};
