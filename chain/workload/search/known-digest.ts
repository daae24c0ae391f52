/**
 * Digests of the algorithms that the chain itself can compute. With one of these a team cannot record a false find.
 * With any other algorithm the chain believes the team, and the client checks a find with one hash.
 */
import { sha256, toHex } from "../../crypto/hash.ts";

type Digest = (message: Uint8Array) => Uint8Array;

/** By the SHA-256 of the module, as it comes with the program (ml/search/algorithm-hashes.ts; a test compares them). */
const KNOWN: ReadonlyMap<string, Digest> = new Map<string, Digest>([
  ["831ed83d600af1e7b229bada96f64cd244ba3088b8d72627e5d160fb268ff0f2", (bytes) => sha256(bytes)],
  [
    "5eb463acaf5a738588df8e518b1550d16b18ac215b92e76566d7ad21532ec078",
    (bytes) => sha256(sha256(bytes)),
  ],
]);

/** Undefined if the chain does not know the algorithm. */
export function knownDigest(algorithm: Uint8Array, message: Uint8Array): Uint8Array | undefined {
  return KNOWN.get(toHex(algorithm))?.(message);
}
