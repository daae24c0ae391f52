/**
 * Looks at every order for which this node was drawn, before any work is done on it. If the owner does not want an
 * order, or nobody can carry it out, this node objects on the chain, once. The services of a job ask here before they
 * begin.
 */

import { toHex } from "../../chain/crypto/hash.ts";
import { drawnNodes } from "../../chain/job/objections.ts";
import { hasCommitted, hasObjected, phaseOf } from "../../chain/job/phase.ts";
import { type Job, type JobKind, OBJECTIONS, type ObjectionReason } from "../../chain/types/job.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import { HelperError } from "../helpers/helper-error.ts";
import { SingleFlight } from "../single-flight.ts";
import type { Room } from "../storage/room.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { AcceptedOrders } from "./accepted-orders.ts";
import type { JobService } from "./dispatch.ts";
import { requireRoom } from "./duty-room.ts";
import type { KindDuties } from "./kind-duties.ts";

export interface OrderWatchOptions {
  readonly publicKey: Uint8Array;
  /** The work that the owner allows on this node, by the names in `jobs.allow`. */
  readonly allow: readonly string[];
}

export interface OrderWatchModules {
  readonly chain: Pick<Chain, "state" | "height">;
  readonly duties: Pick<DutySender, "send">;
  readonly kinds: Readonly<
    Record<JobKind, Pick<KindDuties, "namesOf" | "workNeeds" | "look" | "objectionTo">>
  >;
  readonly room: Room;
  readonly log: NodeLog;
}

/** If this machine caused the failure, the order is looked at again after so many blocks. */
const RETRY_BLOCKS = 8;

export class OrderWatch implements JobService, AcceptedOrders {
  readonly #options: OrderWatchOptions;
  readonly #modules: OrderWatchModules;
  readonly #flights: SingleFlight;
  /** By job id: accepted, or the reason against it. */
  readonly #verdicts = new Map<string, "accepted" | ObjectionReason>();
  readonly #retryAt = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(options: OrderWatchOptions, modules: OrderWatchModules) {
    this.#options = options;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      this.#retryAt.set(key, modules.chain.height + RETRY_BLOCKS);
      modules.log.warn("an order could not be looked at", { job: key, reason: String(error) });
    });
  }

  /** Runs before the services of jobs, which work only on accepted orders. */
  onJobs(jobs: readonly Job[], node: number): void {
    const { chain } = this.#modules;
    const due = new Set<string>();
    for (const job of jobs) {
      const phase = phaseOf(job);
      if (phase !== "training" && phase !== "revealing") continue;
      if (!drawnNodes(job).has(node)) continue;
      const key = toHex(job.id);
      due.add(key);
      const verdict = this.#verdicts.get(key);
      if (verdict !== undefined) this.#object(job, node, verdict);
      else if ((this.#retryAt.get(key) ?? 0) <= chain.height) {
        this.#flights.start(key, (signal) => this.#look(job, signal));
      }
    }
    this.#flights.keepOnly((key) => due.has(key));
    for (const kept of [this.#verdicts, this.#retryAt, this.#told]) {
      for (const key of kept.keys()) if (!due.has(key)) kept.delete(key);
    }
  }

  accepts(job: Pick<Job, "id">): boolean {
    return this.#verdicts.get(toHex(job.id)) === "accepted";
  }

  refuses(job: Pick<Job, "id">): boolean {
    const verdict = this.#verdicts.get(toHex(job.id));
    return verdict !== undefined && verdict !== "accepted";
  }

  found(job: Job, error: unknown): void {
    const reason = this.#kindOf(job).objectionTo(error);
    if (reason === undefined) return;
    this.#decide(job, reason, error instanceof Error ? error.message : String(error));
  }

  stop(): void {
    this.#flights.stop();
  }

  async #look(job: Job, signal: AbortSignal): Promise<void> {
    const { room } = this.#modules;
    const kind = this.#kindOf(job);
    const names = kind.namesOf(job.spec);
    if (!names.some((name) => this.#options.allow.includes(name))) {
      return this.#decide(job, "declined", `jobs.allow names none of ${names.join(", ")}`);
    }
    try {
      await requireRoom(room, kind.workNeeds(job));
      const declined = await kind.look(job, signal);
      if (declined === undefined) this.#verdicts.set(toHex(job.id), "accepted");
      else this.#decide(job, "declined", declined);
    } catch (error) {
      // A busy machine would look at it repeatedly, and delay other orders each time.
      const isTooSlow = error instanceof HelperError && error.facts.code === "HELPER_LIMIT";
      if (error instanceof StorageError || isTooSlow) {
        return this.#decide(job, "declined", error.message);
      }
      if (kind.objectionTo(error) === undefined) throw error;
      this.found(job, error);
    }
  }

  #kindOf({ spec }: Job): OrderWatchModules["kinds"][JobKind] {
    return this.#modules.kinds[jobKindOf(spec)];
  }

  #decide(job: Job, reason: ObjectionReason, detail: string): void {
    const key = toHex(job.id);
    this.#modules.log.warn("order refused", { job: key, objection: reason, reason: detail });
    this.#verdicts.set(key, reason);
    const node = this.#modules.chain.state.nodeIndex(this.#options.publicKey);
    if (node !== undefined) this.#object(job, node, reason);
  }

  #object(job: Job, node: number, reason: "accepted" | ObjectionReason): void {
    const { duties, log } = this.#modules;
    const key = toHex(job.id);
    const own = job.participants.find((participant) => participant.node === node);
    const isSaid = this.#told.has(key) || hasObjected(node, job);
    // A recorded round shows that the order is possible; a team member whose owner does not want such work simply does
    // none.
    const isOpen = reason === "declined" ? own !== undefined : job.round === 1;
    if (reason === "accepted" || isSaid || !isOpen || (own && hasCommitted(own))) return;
    this.#told.add(key);
    const payload = payloadOf("job-object", { job: job.id, reason: OBJECTIONS.indexOf(reason) });
    duties.send(payload, job.spec.phaseBlocks).catch((error: unknown) => {
      this.#told.delete(key);
      log.debug("objection not sent", { job: key, reason: String(error) });
    });
  }
}
