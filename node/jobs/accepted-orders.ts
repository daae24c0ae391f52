/** This node's decisions about orders; services of a kind of work ask for them before they begin. */
import type { Job } from "../../chain/types/job.ts";

export interface AcceptedOrders {
  /** Whether this node works on the order; also false while it has not looked at the order. */
  accepts(job: Pick<Job, "id">): boolean;
  /** Whether it has looked at the order and does no work on it. */
  refuses(job: Pick<Job, "id">): boolean;
  /** Work on an accepted order failed, possibly because of the order. */
  found(job: Job, error: unknown): void;
}
