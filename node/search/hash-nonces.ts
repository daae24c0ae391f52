/** Runs in a helper process: tries a stranger's module, and hashes single nonces with it. */
import type { SearchTask } from "../../ml/search/search-task.ts";
import { type AnswerOf, ofModule } from "./of-module.ts";

export interface HashTask {
  readonly bytes: Uint8Array;
  readonly search: SearchTask;
  readonly nonces: readonly bigint[];
}

/** 32 bytes for each nonce, in order. */
export type HashAnswer = AnswerOf<readonly Uint8Array[]>;

export function hashNonces({ bytes, search, nonces }: HashTask): Promise<HashAnswer> {
  return ofModule(bytes, (algorithm) => {
    const started = algorithm.start(search);
    return nonces.map((nonce) => started.stretch(nonce, 1).min.digest);
  });
}
