/** Decodes light blocks and proofs from strangers: first the size is checked, then the form. */
import { decodeSsz } from "../decode.ts";
import { DecodeError } from "../errors.ts";
import { InclusionProof, LightBlock } from "../types/light.ts";

/** @throws DecodeError */
export function decodeLightBlock(bytes: Uint8Array): LightBlock {
  return decodeBounded("light block", LightBlock, bytes);
}

/** @throws DecodeError */
export function decodeInclusionProof(bytes: Uint8Array): InclusionProof {
  return decodeBounded("inclusion proof", InclusionProof, bytes);
}

function decodeBounded<V>(
  what: string,
  type: { readonly typeName: string; readonly maxSize: number; deserialize(bytes: Uint8Array): V },
  bytes: Uint8Array,
): V {
  if (bytes.length > type.maxSize) {
    throw new DecodeError(what, `${bytes.length} bytes, at most ${type.maxSize}`);
  }
  return decodeSsz(what, type, bytes);
}
