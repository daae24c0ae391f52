/** The hash of a stored training state, computed outside this thread, because a state may have 240 MB. */
import { webcrypto } from "node:crypto";
import { stateHashOf, stateParts } from "../../../ml/training/checkpoint.ts";

/** SHA-256. */
export type Digest = (bytes: Uint8Array) => Promise<Uint8Array>;

/** @returns undefined for bytes that are no state */
export async function storedStateHash(
  bytes: Uint8Array,
  digest: Digest = digestOf,
): Promise<Uint8Array | undefined> {
  const parts = stateParts(bytes);
  if (parts === undefined) return undefined;
  const { parameters, optimizerState } = parts;
  return stateHashOf(await digest(parameters), await digest(optimizerState));
}

/** SHA-256, made outside this thread. */
export async function digestOf(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}
