/** Decodes bytes from outside to a typed value, or throws a DecodeError that says what was expected. */
import { DecodeError } from "./errors.ts";

/** @throws DecodeError */
export function decodeSsz<V>(
  what: string,
  type: { readonly typeName: string; deserialize(bytes: Uint8Array): V },
  bytes: Uint8Array,
): V {
  try {
    return type.deserialize(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DecodeError(what, `not the SSZ of a ${type.typeName}: ${reason}`, error);
  }
}
