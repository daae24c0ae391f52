/** Runs in a helper process: opens a stranger's module and finds out whether it is an algorithm. */
import { Algorithm } from "../../ml/search/algorithm.ts";
import { AlgorithmError, type AlgorithmFacts } from "../../ml/search/algorithm-error.ts";
import type { ModuleFacts } from "../../ml/search/check/check-module.ts";
import { probeAlgorithm } from "../../ml/search/check/probe.ts";

export interface ModuleTask {
  readonly bytes: Uint8Array;
}

export interface ModuleReport extends ModuleFacts {
  /** SHA-256 of the bytes, as hex. */
  readonly hash: string;
  readonly bytes: number;
  readonly hashesPerSecond: number;
}

/** An error of the module is a result, too, so that its facts arrive. */
export type ModuleAnswer =
  | { readonly isGood: true; readonly report: ModuleReport }
  | {
      readonly isGood: false;
      readonly message: string;
      readonly facts: AlgorithmFacts;
      readonly remedy: string | undefined;
    };

export async function probeModule({ bytes }: ModuleTask): Promise<ModuleAnswer> {
  try {
    const algorithm = await Algorithm.open(bytes);
    const { hashesPerSecond } = probeAlgorithm(algorithm, performance);
    const { hash, facts } = algorithm;
    return { isGood: true, report: { hash, bytes: bytes.length, ...facts, hashesPerSecond } };
  } catch (error) {
    if (!(error instanceof AlgorithmError)) throw error;
    const { message, facts, remedy } = error;
    return { isGood: false, message, facts, remedy };
  }
}
