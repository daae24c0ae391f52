/**
 * Workers that search as many nonces as there are in a unit, with SHA-256, but take as long as the simulation says. All
 * around them is real: leases, logs, claims, audits.
 */
import { compareBytes } from "../../../chain/crypto/hash.ts";
import type { SearchSpec } from "../../../chain/types/search.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import { unitAt } from "../../../chain/workload/search/units.ts";
import type { Find } from "../../../ml/search/algorithm.ts";
import type { UnitResult } from "../../../ml/search/search-units.ts";
import type { Clock } from "../../../node/clock.ts";
import type { JobServicesModules } from "../../../node/jobs/job-services.ts";
import { inMemory, wholeOf } from "../../../node/workers/blob-source.ts";
import { type HashNonces, weighClaims } from "../../../node/workers/kinds/claims/weigh-claims.ts";
import type { SearchUnitsTask } from "../../../node/workers/kinds/search/task.ts";
import type { SearchWorkers } from "../../../node/workers/kinds/search/workers.ts";
import { WorkerError } from "../../../node/workers/worker-error.ts";
import { digestOf, searchUnit } from "../../helpers/search-run.ts";
import type { Random } from "../random.ts";
import type { Lie } from "./lies.ts";

export interface SearchersOptions {
  /** Virtual milliseconds. */
  readonly msPerUnit: number;
  /** Chance that a task fails for a reason of the machine's. */
  readonly failures: number;
  readonly lie: Lie;
}

export interface SearchersModules {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of every unit of a lease that is begun. */
  began(unit: number): void;
  /** A lane hashed from then on, until now. */
  worked(since: number): void;
}

/** Units are told so often. */
const BATCH_MS = 250;

/** What comes from files of the machine elsewhere. */
export const STAND_IN_FILES: Pick<
  JobServicesModules,
  "algorithms" | "claims" | "digests" | "tryAlgorithm"
> = {
  claims: {
    read: async ({ id, spec }, { round, node, units }, file) => {
      const search = searchSpec(spec);
      return weighClaims(
        await wholeOf(file),
        { job: id, round, node, units },
        search,
        hashOf(search),
      );
    },
  },
  algorithms: { source: async () => inMemory(Uint8Array.of(1)) },
  digests: {
    of: async (spec, nonces) => nonces.map((nonce) => digestOf(searchSpec(spec), nonce)),
  },
  tryAlgorithm: async () => ({ hashesPerSecond: 4_000_000 }),
};

export function standInSearchers(
  { msPerUnit, failures, lie }: SearchersOptions,
  { clock, random, began, worked: hashed }: SearchersModules,
): SearchWorkers {
  return {
    search: async (task, { signal, end, onUnits, onFind }) => {
      const units: UnitResult[] = [];
      const finds: Find[] = [];
      const breaksAt = random.chance(failures) ? task.from + 1n : task.to;
      const over = AbortSignal.any([signal, end].filter((one) => one !== undefined));
      const worked = async (ms: number): Promise<boolean> => {
        const since = clock.monotonic();
        const isWhole = await clock.sleep(ms, over).then(
          () => true,
          () => false,
        );
        hashed(since);
        return isWhole;
      };
      // As of a real worker: units are told together, those of finds and the last ones at once.
      let told = 0;
      let toldAt = clock.monotonic();
      const tell = (): void => {
        if (units.length > told) onUnits?.(units.slice(told));
        told = units.length;
        toldAt = clock.monotonic();
      };
      for (let unit = task.from; unit < task.to && end?.aborted !== true; unit++) {
        began(Number(unit));
        const found = findsIn(task, unit);
        if (await worked(msPerUnit / 2)) for (const find of found) onFind?.(find);
        finds.push(...found);
        const isDone = await worked(msPerUnit / 2);
        signal?.throwIfAborted();
        if (!isDone) break;
        if (unit === breaksAt) throw broken();
        units.push(falsified(unitOf(task, unit), lie));
        if (found.length > 0 || clock.monotonic() - toldAt >= BATCH_MS) tell();
      }
      tell();
      return { units, finds, hashes: 0 };
    },
    searchReplay: async (task, { signal }) => {
      const units: UnitResult[] = [];
      for (let unit = task.from; unit < task.to; unit++) {
        await clock.sleep(1, signal);
        const found = unitOf(task, unit);
        units.push(lie === "accuses" ? { ...found, running: new Uint8Array(8).fill(9) } : found);
      }
      return units;
    },
    digests: async ({ nonces, ...task }) => nonces.map((nonce) => digestOf(specOf(task), nonce)),
    claims: async ({ file, place, ...task }) => {
      const spec = specOf(task);
      return weighClaims(await wholeOf(file), place, spec, hashOf(spec));
    },
  };
}

function hashOf(spec: SearchSpec): HashNonces {
  return async (nonces) => Buffer.concat(Array.from(nonces, (nonce) => digestOf(spec, nonce)));
}

const known = new Map<string, UnitResult>();

function unitOf(task: SearchUnitsTask, unit: bigint): UnitResult {
  const spec = specOf(task);
  const name = `${Buffer.from(spec.prefix).toString("hex")} ${spec.unitBits} ${spec.from} ${unit}`;
  const found = known.get(name) ?? searchUnit(spec, unit);
  if (known.size > 100_000) known.clear();
  known.set(name, found);
  return found;
}

function findsIn(task: SearchUnitsTask, unit: bigint): Find[] {
  const spec = specOf(task);
  // A unit whose smallest digest is above the target has none.
  if (compareBytes(unitOf(task, unit).minDigest, spec.target) > 0) return [];
  const { from, to } = unitAt(spec, unit);
  const finds: Find[] = [];
  for (let nonce = from; nonce < to; nonce++) {
    const digest = digestOf(spec, nonce);
    if (compareBytes(digest, spec.target) <= 0) finds.push({ nonce, digest });
  }
  return finds;
}

type Messages = Pick<SearchUnitsTask, "prefix" | "suffix" | "nonceBytes" | "endian" | "target">;

function specOf(task: Messages & Partial<SearchUnitsTask>): SearchSpec {
  const { prefix, suffix, nonceBytes, target, unitBits = 6, jobFrom = 0n, jobTo = 0n } = task;
  return {
    prefix,
    suffix,
    nonceBytes,
    target,
    unitBits,
    endian: task.endian === "little" ? 0 : 1,
    from: jobFrom,
    to: jobTo,
    algorithm: new Uint8Array(32),
    mode: 0,
    redundancy: 0,
    operations: 1,
    findBonus: 0n,
  };
}

/** Some claim to have searched what they have not. */
function falsified(unit: UnitResult, lie: Lie): UnitResult {
  const isFalse = lie === "invents" || (lie === "skips-part" && unit.unit % 2n === 0n);
  return isFalse ? { ...unit, running: new Uint8Array(8).fill(7) } : unit;
}

function broken(): WorkerError {
  return new WorkerError("the worker broke down", { code: "LINK_LOST", worker: "w", reason: "x" });
}
