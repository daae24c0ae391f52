/**
 * Why a match proves itself: it contains the hash of a state that nobody serves. A node that shows this hash under the
 * committed root has replayed the segment, or got the hash from the participant.
 */
import { equalBytes } from "../crypto/hash.ts";
import { merkleRoot, verifyMerkleProof } from "../proof/hash-tree.ts";
import { ALL_SEGMENTS, type Audit } from "../types/audit.ts";

type Committed = Pick<Audit, "checkpointRoot" | "segment">;

/**
 * @param segments of the run
 * @param proof the hash of the end state with its Merkle path; for all segments, the hashes of all states
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
