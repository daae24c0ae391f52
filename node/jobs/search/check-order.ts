/** A look at an order to search: its algorithm is fetched, checked and tried, each module once. */

import type { Job, JobSpec } from "../../../chain/types/job.ts";
import { runOperations } from "../../../chain/workload/search/price.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import { AlgorithmError } from "../../../ml/search/algorithm-error.ts";
import { CORE_OPERATIONS, hashOperations } from "../../../ml/search/hash-cost.ts";
import type { ShippedName } from "../../../ml/search/shipped-algorithms.ts";
import { taskOf } from "../../../ml/search/task-of.ts";
import { wholeOf } from "../../workers/blob-source.ts";
import { type AlgorithmFiles, shippedOf } from "./algorithm-files.ts";
import { algorithmName } from "./find-check.ts";

export interface CheckOrderModules {
  readonly algorithms: Pick<AlgorithmFiles, "source">;
  /** Elsewhere than on this thread. @throws AlgorithmError, HelperError */
  tryAlgorithm(
    module: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ readonly hashesPerSecond: number }>;
  blockIntervalMs(): number;
}

/** Modules whose trial is remembered. */
const REMEMBERED = 256;
/** A unit may take a core this share of a phase, half of which is for searching. What is not a whole unit is not paid. */
const MOST_OF_A_PHASE = 4;
/** Machines differ, and trials are short; a stated cost that is so many times off is wrong on any. */
const WRONG_COST = 32;

export class OrderChecks {
  readonly #modules: CheckOrderModules;
  /** By hash: operations of one hash, by what a trial took here. */
  readonly #passed = new Map<string, number>();

  constructor(modules: CheckOrderModules) {
    this.#modules = modules;
  }

  /**
   * @returns why this machine declines it; undefined when it can work on it
   * @throws AlgorithmError for a module that is no algorithm; BlobError, HelperError when that could not be found out
   */
  async look({ spec }: Pick<Job, "spec">, signal: AbortSignal): Promise<string | undefined> {
    const shipped = shippedOf(spec);
    if (shipped === undefined) {
      const declined = await this.#lookAtModule(spec, signal);
      if (declined !== undefined) return declined;
    } else requireCost(spec, shipped.name);
    return this.#lookAtUnit(spec);
  }

  async #lookAtModule(spec: JobSpec, signal: AbortSignal): Promise<string | undefined> {
    const name = algorithmName(spec);
    let cost = this.#passed.get(name);
    if (cost === undefined) {
      const { algorithms, tryAlgorithm } = this.#modules;
      const module = await wholeOf(await algorithms.source(spec, signal));
      try {
        const { hashesPerSecond } = await tryAlgorithm(module, signal);
        cost = CORE_OPERATIONS / Math.max(1, hashesPerSecond);
      } catch (error) {
        // It may be that this machine is slow.
        if (isCode(error, ["ALGORITHM_ENDLESS"])) return error.message;
        throw error;
      }
      if (this.#passed.size >= REMEMBERED) this.#passed.clear();
      this.#passed.set(name, cost);
    }
    const { operations } = searchSpec(spec);
    const isWrong = operations * WRONG_COST < cost || operations > cost * WRONG_COST;
    if (!isWrong) return undefined;
    return `the order states ${operations} operations for one hash; by its speed here it is about ${Math.ceil(cost)}`;
  }

  #lookAtUnit(spec: JobSpec): string | undefined {
    const unitMs = (1000 * Number(runOperations(searchSpec(spec), 1))) / CORE_OPERATIONS;
    const mostMs = (spec.phaseBlocks * this.#modules.blockIntervalMs()) / MOST_OF_A_PHASE;
    if (unitMs <= mostMs) return undefined;
    return `one unit takes a core about ${Math.ceil(unitMs / 1000)} s, more than a quarter of the ${spec.phaseBlocks} blocks of a round`;
  }
}

/** What an algorithm costs that comes with the program is known. @throws AlgorithmError */
function requireCost(spec: JobSpec, name: ShippedName): void {
  const search = searchSpec(spec);
  const cost = hashOperations(name, taskOf(search));
  if (search.operations === cost) return;
  throw new AlgorithmError(
    `operations: one hash of this message by ${name} costs ${cost}, the order states ${search.operations}`,
    { code: "ALGORITHM_COST", stated: search.operations, cost },
    { remedy: "leave it out of the order, and the node fills it in" },
  );
}

/** Codes of errors that are the module's, on every machine. */
const FAULTS: readonly string[] = [
  "ALGORITHM_MALFORMED",
  "ALGORITHM_TOO_LARGE",
  "ALGORITHM_IMPORTS",
  "ALGORITHM_EXPORT",
  "ALGORITHM_MEMORY",
  "ALGORITHM_INSTRUCTION",
  "ALGORITHM_RECURSION",
  "ALGORITHM_TRAPPED",
  "ALGORITHM_RESULT",
  "ALGORITHM_COST",
];

export function isFaultOfModule(code: string): boolean {
  return FAULTS.includes(code);
}

export function isCode(error: unknown, codes: readonly string[]): error is AlgorithmError {
  return error instanceof AlgorithmError && codes.includes(error.code);
}
