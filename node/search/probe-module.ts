/** Runs in a helper process: opens a stranger's module and finds out whether it is an algorithm. */
import type { ModuleFacts } from "../../ml/search/check/check-module.ts";
import { type AnswerOf, ofModule } from "./of-module.ts";

export interface ModuleTask {
  readonly bytes: Uint8Array;
}

export interface ModuleReport extends ModuleFacts {
  /** SHA-256 of the bytes, as hex. */
  readonly hash: string;
  readonly bytes: number;
  readonly hashesPerSecond: number;
}

export type ModuleAnswer = AnswerOf<ModuleReport>;

export function probeModule({ bytes }: ModuleTask): Promise<ModuleAnswer> {
  return ofModule(bytes, ({ hash, facts }, { hashesPerSecond }) => {
    return { hash, bytes: bytes.length, ...facts, hashesPerSecond };
  });
}
