/**
 * What signatures cover: hash(domain ‖ genesis root ‖ object root). The genesis root keeps a
 * signature of one chain worthless on another; the domain keeps a vote from being a transaction.
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
  | "lease-promise";

export function signingRoot(
  domain: SigningDomain,
  genesisRoot: Uint8Array,
  objectRoot: Uint8Array,
): Uint8Array {
  return taggedHash(`poml/sign/${domain}/v1`, genesisRoot, objectRoot);
}

/** The network name in topics and protocol ids: the first 16 hex characters of the genesis root. */
export const NETWORK_ID_LENGTH = 16;
