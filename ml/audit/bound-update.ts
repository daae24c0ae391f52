/**
 * Checks that an update belongs to the checkpoints its participant committed to: its parameters must be those of the
 * last one. An auditor that replays segments between these checkpoints has then checked the update itself.
 */
import { equalBytes, sha256 } from "../../chain/crypto/hash.ts";
import { digestsRoot, leafDigest } from "../../chain/proof/hash-tree.ts";
import { bytesOfFloats } from "../bytes.ts";
import type { WireUpdate } from "../federation/update-codec.ts";
import { stateHashOf } from "../training/checkpoint.ts";

/** @param segments number of segments that the run is cut into */
export function isBoundTo(
  { parameters, optimizerHash, digests }: WireUpdate,
  checkpointRoot: Uint8Array,
  segments: number,
): boolean {
  const last = digests[segments];
  if (last === undefined || digests.length !== segments + 1) return false;
  const end = stateHashOf(sha256(bytesOfFloats(parameters)), optimizerHash);
  return equalBytes(leafDigest(end), last) && equalBytes(digestsRoot(digests), checkpointRoot);
}
