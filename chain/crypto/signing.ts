/**
 * What a signature covers: hash(domain ‖ genesis root ‖ object root). Because of the genesis root, a signature for one
 * chain is invalid on another; because of the domain, a vote can never pass for a transaction.
 */
import { taggedHash } from "./hash.ts";

export type SigningDomain =
  | "transaction"
  | "vote"
  | "proposal"
  | "record"
  | "refusal"
  | "manifest"
  | "lease"
  | "lease-promise"
  | "lease-share";

export function signingRoot(
  domain: SigningDomain,
  genesisRoot: Uint8Array,
  objectRoot: Uint8Array,
): Uint8Array {
  return taggedHash(`poml/sign/${domain}/v1`, genesisRoot, objectRoot);
}

/** The network name in topics and protocol ids: the first 16 hex characters of the genesis root. */
export const NETWORK_ID_LENGTH = 16;
