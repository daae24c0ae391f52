/** The task of a search: find nonces whose message `prefix || nonce || suffix` has a digest at or below the target. */
import { DIGEST_BYTES, MAX_PART_BYTES } from "./abi.ts";
import { AlgorithmError } from "./algorithm-error.ts";

export interface SearchTask {
  /** At most 256 bytes. */
  readonly prefix: Uint8Array;
  readonly suffix: Uint8Array;
  readonly nonceBytes: 4 | 8;
  /** Order of the nonce's bytes in the message. */
  readonly endian: "little" | "big";
  /** 32 bytes, as a number with the highest byte first, like digests. */
  readonly target: Uint8Array;
}

/** The number of possible nonces: 2^32 or 2^64. */
export function nonceSpace({ nonceBytes }: Pick<SearchTask, "nonceBytes">): bigint {
  return 1n << BigInt(8 * nonceBytes);
}

/** @throws AlgorithmError BAD_SEARCH_TASK with the field */
export function checkSearchTask({ prefix, suffix, nonceBytes, endian, target }: SearchTask): void {
  const parts = { prefix, suffix };
  for (const [field, { length }] of Object.entries(parts)) {
    if (length > MAX_PART_BYTES) {
      throw badTask(field, `it has ${length} bytes, ${MAX_PART_BYTES} are allowed`);
    }
  }
  if (nonceBytes !== 4 && nonceBytes !== 8)
    throw badTask("nonceBytes", `${nonceBytes}, not 4 or 8`);
  if (endian !== "little" && endian !== "big") {
    throw badTask("endian", `${JSON.stringify(endian)}, not little or big`);
  }
  if (target.length !== DIGEST_BYTES) {
    throw badTask("target", `it has ${target.length} bytes, not ${DIGEST_BYTES}`);
  }
}

export function badTask(field: string, reason: string): AlgorithmError {
  return new AlgorithmError(
    `${field}: ${reason}`,
    { code: "BAD_SEARCH_TASK", field, reason },
    { remedy: `correct ${field} of the search` },
  );
}
