import type { ObjectionReason } from "../../chain/types/job.ts";

/** Why nobody can carry an order out. */
export type ImpossibleReason = Exclude<ObjectionReason, "declined">;
