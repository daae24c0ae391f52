/** Finds of a round on this node: kept on the disk, and told to everybody for whom they change something. */
import { compareBytes, toHex } from "../../../chain/crypto/hash.ts";
import type { Job } from "../../../chain/types/job.ts";
import { MAX_FINDS } from "../../../chain/types/search.ts";
import { modeOf } from "../../../chain/workload/search/round.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import { unitOf } from "../../../chain/workload/search/units.ts";
import type { UnitResult } from "../../../ml/search/search-units.ts";
import type { Clock } from "../../clock.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import type { LeaseLinks } from "./lease-links.ts";
import type { FindNotice } from "./lease-wire.ts";
import type { SearchedUnits } from "./searched-units.ts";

export interface OwnFindsOptions {
  readonly job: Job;
  readonly round: number;
  /** Index of this node. */
  readonly node: number;
  readonly signal: AbortSignal;
}

export interface OwnFindsModules {
  readonly units: Pick<SearchedUnits, "find" | "finds" | "has">;
  readonly links: Pick<LeaseLinks, "send">;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: NodeLog;
  /** One find is enough, and here it is. @param last where the search for it ends, if it is this node's */
  onEnough(last?: { readonly lane: number; readonly unit: number }): void;
}

/** A find is told to each node so often, at most. */
const FIND_TRIES = 3;
const FIND_PAUSE_MS = 300;

export class OwnFinds {
  readonly #options: OwnFindsOptions;
  readonly #modules: OwnFindsModules;
  #best: UnitResult | undefined;

  constructor(options: OwnFindsOptions, modules: OwnFindsModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** Units are done: where the best digest counts, it is one of theirs. */
  onUnits(done: readonly UnitResult[]): void {
    const { job } = this.#options;
    if (modeOf(job) !== "best") return;
    const { target } = searchSpec(job.spec);
    for (const unit of done) {
      const limit = this.#best?.minDigest ?? target;
      const order = compareBytes(unit.minDigest, limit);
      if (order < 0 || (order === 0 && this.#best === undefined)) {
        this.#best = unit;
        this.#keep(unit.minNonce);
      }
    }
  }

  /** Told to everybody at once: nobody need search on where one find is enough. */
  onFind(nonce: bigint, lane: number): void {
    const { job, round, node } = this.#options;
    const mode = modeOf(job);
    if (mode === "best" || this.#isBeyond(nonce)) return;
    this.#keep(nonce);
    const facts = { job: toHex(job.id), round, nonce: String(nonce) };
    this.#modules.log.info("a search has a find", facts);
    const others = mode === "first" ? job.participants.map((one) => one.node) : [];
    this.#tellAll(
      nonce,
      others.filter((other) => other !== node),
    );
    const unit = unitOf(searchSpec(job.spec), nonce);
    if (mode !== "first") return;
    this.#modules.onEnough(unit === undefined ? unit : { lane, unit: Number(unit) });
  }

  /** Finds of units that come from the round before, and are to be claimed in this one: its log does not have them. */
  retell(): void {
    const { job } = this.#options;
    const { units } = this.#modules;
    if (modeOf(job) !== "all") return;
    for (const nonce of units.finds) {
      const unit = unitOf(searchSpec(job.spec), nonce);
      if (unit !== undefined && units.has(Number(unit))) this.#tellAll(nonce, []);
    }
  }

  #tellAll(nonce: bigint, others: readonly number[]): void {
    const { job, round } = this.#options;
    for (const other of new Set([...job.team, ...others])) {
      void this.#tell(other, { job: job.id, round, nonce });
    }
  }

  #keep(nonce: bigint): void {
    const { units, log } = this.#modules;
    units.find(nonce).catch((error: unknown) => {
      log.warn("a find could not be kept", { reason: String(error) });
    });
  }

  /** Where nearly every nonce is a find, only as many are kept and told as a claim can name. */
  #isBeyond(nonce: bigint): boolean {
    const { finds } = this.#modules.units;
    return finds.length >= MAX_FINDS && !finds.includes(nonce);
  }

  /** Again where it was lost: without the manager's knowledge others would search on. */
  async #tell(other: number, value: FindNotice): Promise<void> {
    const { links, clock } = this.#modules;
    for (let tries = 1; ; tries++) {
      try {
        await links.send(other, { kind: "find", value });
        return;
      } catch {
        if (tries === FIND_TRIES) return;
      }
      const isOver = await clock.sleep(FIND_PAUSE_MS, this.#options.signal).then(
        () => false,
        () => true,
      );
      if (isOver) return;
    }
  }
}
