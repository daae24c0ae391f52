/** Many numbers from one seed and purpose, for draws among few positions: one hash gives five numbers of 48 bits. */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";

const NUMBERS = 5;
const NUMBER_BYTES = 6;

/**
 * @returns number i: bytes 6 j to 6 j + 5, little-endian, of H(tag; seed, floor(i / 5)), j = i mod 5. Ask for them in
 * order.
 */
export function smallNumbers(seed: Uint8Array, tag: string): (i: number) => number {
  let hash: Uint8Array = new Uint8Array(0);
  let present = -1;
  return (i) => {
    const at = i % NUMBERS;
    const wanted = (i - at) / NUMBERS;
    if (wanted !== present) {
      hash = taggedHash(tag, seed, uint32Bytes(wanted));
      present = wanted;
    }
    let number = 0;
    for (let byte = NUMBER_BYTES - 1; byte >= 0; byte--) {
      number = number * 256 + (hash[at * NUMBER_BYTES + byte] ?? 0);
    }
    return number;
  };
}
