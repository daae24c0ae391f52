/**
 * What makes a match prove itself: the hash of a state that nobody serves. Whoever shows it under
 * the committed root has replayed the segment, or had it from the participant.
 */
import { equalBytes } from "../crypto/hash.ts";
import { merkleRoot, verifyMerkleProof } from "../proof/hash-tree.ts";
import { ALL_SEGMENTS, type Audit } from "../types/audit.ts";

type Committed = Pick<Audit, "checkpointRoot" | "segment">;

/**
 * @param segments of the run
 * @param proof end state's hash and its Merkle path, or of all segments the hashes of all states
 */
export function provesMatch(
  { checkpointRoot, segment }: Committed,
  segments: number,
  proof: readonly Uint8Array[],
): boolean {
  if (segment === ALL_SEGMENTS) {
    return proof.length === segments + 1 && equalBytes(merkleRoot(proof), checkpointRoot);
  }
  const [end, ...siblings] = proof;
  if (end === undefined) return false;
  const place = { index: segment + 1, count: segments + 1, siblings };
  return verifyMerkleProof(checkpointRoot, end, place);
}
