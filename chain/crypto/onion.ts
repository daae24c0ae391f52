/**
 * Hash onions: a node commits to top = H^n(secret) and reveals one preimage in each block that it proposes. There is
 * only one valid reveal, so a proposer can only show it or skip its turn. (With signatures it could choose among many
 * values.)
 */
import { equalBytes, taggedHash } from "./hash.ts";

export const ONION_LENGTH = 4096;

export function peel(link: Uint8Array): Uint8Array {
  return taggedHash("poml/onion/v1", link);
}

/** True when `reveal` is the preimage of `top`. */
export function isReveal(reveal: Uint8Array, top: Uint8Array): boolean {
  return equalBytes(peel(reveal), top);
}

/**
 * @returns links[0] = innermost secret … links[length] = top; when k reveals are left, the next reveal is links[k - 1]
 */
export function makeOnion(secret: Uint8Array, length: number = ONION_LENGTH): Uint8Array[] {
  const links: Uint8Array[] = [taggedHash("poml/onion-core/v1", secret)];
  for (let i = 0; i < length; i++) links.push(peel(links[i] as Uint8Array));
  return links;
}
