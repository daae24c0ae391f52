/** A look at an order to search: its algorithm is fetched, checked and tried, each module once. */
import type { Job } from "../../../chain/types/job.ts";
import { AlgorithmError } from "../../../ml/search/algorithm-error.ts";
import { wholeOf } from "../../workers/blob-source.ts";
import { type AlgorithmFiles, shippedOf } from "./algorithm-files.ts";
import { algorithmName } from "./find-check.ts";

export interface CheckOrderModules {
  readonly algorithms: Pick<AlgorithmFiles, "source">;
  /** Elsewhere than on this thread. @throws AlgorithmError, HelperError */
  tryAlgorithm(module: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** Modules whose trial is remembered. */
const REMEMBERED = 256;

export class OrderChecks {
  readonly #modules: CheckOrderModules;
  readonly #passed = new Set<string>();

  constructor(modules: CheckOrderModules) {
    this.#modules = modules;
  }

  /**
   * @returns why this machine declines it; undefined when it can work on it
   * @throws AlgorithmError for a module that is no algorithm; BlobError, HelperError when that could not be found out
   */
  async look({ spec }: Pick<Job, "spec">, signal: AbortSignal): Promise<string | undefined> {
    const name = algorithmName(spec);
    if (shippedOf(spec) !== undefined || this.#passed.has(name)) return undefined;
    const { algorithms, tryAlgorithm } = this.#modules;
    const module = await wholeOf(await algorithms.source(spec, signal));
    try {
      await tryAlgorithm(module, signal);
    } catch (error) {
      // It may be that this machine is slow.
      if (isCode(error, ["ALGORITHM_ENDLESS"])) return error.message;
      throw error;
    }
    if (this.#passed.size >= REMEMBERED) this.#passed.clear();
    this.#passed.add(name);
    return undefined;
  }
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
];

export function isFaultOfModule(code: string): boolean {
  return FAULTS.includes(code);
}

export function isCode(error: unknown, codes: readonly string[]): error is AlgorithmError {
  return error instanceof AlgorithmError && codes.includes(error.code);
}
