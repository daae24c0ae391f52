/**
 * What keeps this node's lanes from searching, for its owner. Managers say why they give no leases; that none of them
 * answers, the node sees itself. A trouble is told as long as it holds: across rounds, since each has its own manager.
 */
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { type LeaseOrders, WAIT_CODES } from "./lease-wire.ts";
import { LOOKED_AT } from "./leases/pace.ts";

export type SearchTrouble = { readonly job: Uint8Array } & (
  | ({
      /** These lanes lost more than half of their time on asking for leases and waiting. */
      readonly code: "TOO_FAR";
      readonly lanes: number;
      readonly lanesInAll: number;
    } & FarLane)
  /** These lanes lost leases of which they had not searched a unit. */
  | { readonly code: "RESTING"; readonly lanes: number; readonly lanesInAll: number }
  /** None of the team manages, as far as this node can reach it. */
  | { readonly code: "NO_MANAGER"; readonly silentMs: number }
);

/** As the manager measured the lane that is worst off. */
interface FarLane {
  /** Part of its time that it did not search: 0 to 1. */
  readonly lost: number;
  readonly rttMs: number;
  readonly leaseMs: number;
}

type Wait = LeaseOrders["waits"][number];

/** Takeovers take some seconds, and the next manager is asked for every two. */
const SILENT_MS = 30_000;
/** A lane that was too far is tried again; it is no more once it gets a lease after as many as the manager looks at. */
const ENOUGH_LEASES = LOOKED_AT + 1;

export class SearchTroubles {
  readonly #jobs = new Map<string, JobTroubles>();

  /** @param lanesInAll that this node has in the job's searches */
  of(job: Uint8Array, lanesInAll: number): JobTroubles {
    const key = toHex(job);
    const troubles = this.#jobs.get(key) ?? new JobTroubles();
    this.#jobs.set(key, troubles);
    troubles.begin(lanesInAll);
    return troubles;
  }

  /** @param isUnderWay of a job's id as hex, whether this node still takes part in it */
  keepOnly(isUnderWay: (job: string) => boolean): void {
    for (const key of this.#jobs.keys()) if (!isUnderWay(key)) this.#jobs.delete(key);
  }

  get all(): SearchTrouble[] {
    return [...this.#jobs].flatMap(([key, troubles]) => troubles.told(fromHex(key)));
  }
}

export class JobTroubles {
  readonly #far = new Map<number, FarLane & { readonly leases: number }>();
  readonly #resting = new Set<number>();
  #silentMs = 0;
  #lanesInAll = 0;

  /** A round begins, under a manager that has told nothing yet. */
  begin(lanesInAll: number): void {
    this.#lanesInAll = lanesInAll;
    for (const lane of this.#far.keys()) if (lane >= lanesInAll) this.#far.delete(lane);
    this.end();
  }

  /** A manager gives a lane no lease. */
  waits({ lane, code, lost, rttMs, leaseMs }: Wait): void {
    if (lane >= this.#lanesInAll) return;
    const name = WAIT_CODES[code];
    if (name === "TOO_FAR") {
      this.#far.set(lane, { lost: Math.min(lost, 1000) / 1000, rttMs, leaseMs, leases: 0 });
    } else if (name === "RESTING") this.#resting.add(lane);
    else this.#resting.delete(lane);
  }

  leased(lane: number): void {
    this.#resting.delete(lane);
    const far = this.#far.get(lane);
    if (far === undefined) return;
    const leases = far.leases + 1;
    if (leases >= ENOUGH_LEASES) this.#far.delete(lane);
    else this.#far.set(lane, { ...far, leases });
  }

  /** @param ms for how long none of the team has answered as manager */
  silent(ms: number): void {
    this.#silentMs = ms;
  }

  /** The round is over. */
  end(): void {
    this.#resting.clear();
    this.#silentMs = 0;
  }

  told(job: Uint8Array): SearchTrouble[] {
    const lanesInAll = this.#lanesInAll;
    const troubles: SearchTrouble[] = [];
    const [worst] = [...this.#far.values()].sort((a, b) => b.lost - a.lost);
    if (worst !== undefined) {
      const { lost, rttMs, leaseMs } = worst;
      const lanes = this.#far.size;
      troubles.push({ job, code: "TOO_FAR", lanes, lanesInAll, lost, rttMs, leaseMs });
    }
    if (this.#resting.size > 0) {
      troubles.push({ job, code: "RESTING", lanes: this.#resting.size, lanesInAll });
    }
    if (this.#silentMs >= SILENT_MS) {
      troubles.push({ job, code: "NO_MANAGER", silentMs: this.#silentMs });
    }
    return troubles;
  }
}
