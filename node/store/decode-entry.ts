/** Decodes database entries; any value with the wrong form is damage. */
import { StoreError } from "./store-error.ts";

/** @throws StoreError DAMAGED_STORE */
export function decodeEntry<V>(
  what: string,
  type: { deserialize(bytes: Uint8Array): V },
  bytes: Uint8Array,
): V {
  try {
    return type.deserialize(bytes);
  } catch (error) {
    throw StoreError.damaged(`${what} does not decode`, error);
  }
}
