/** What this node came to when it looked at an order; services of a kind of work ask before they begin. */
import type { Job } from "../../chain/types/job.ts";

export interface AcceptedOrders {
  /** Whether this node works on the order; false as well until it has looked. */
  accepts(job: Pick<Job, "id">): boolean;
  /** Whether it has looked, and does no work on the order. */
  refuses(job: Pick<Job, "id">): boolean;
  /** Work on an accepted order ended in something that may be the order's fault. */
  found(job: Job, error: unknown): void;
}
