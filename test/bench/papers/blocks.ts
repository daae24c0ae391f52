/**
 * Blocks to be solved: headers of 80 bytes over ten transactions each, the same for every arm of a comparison. A
 * difficulty is the number of leading zeros of the digest in hexadecimal, as the papers count it.
 */
import { sha256, taggedHash, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { merkleRoot } from "../../../chain/proof/hash-tree.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";

const TRANSACTIONS = 10;
const TRANSACTION_BYTES = 200;
const DIGEST_BYTES = 32;

/** @param seed which chain of blocks @param height which of its blocks */
export function blockTask(seed: number, height: number, difficulty: number): SearchTask {
  const transactions = Array.from({ length: TRANSACTIONS }, (_, index) => {
    const transaction = new Uint8Array(TRANSACTION_BYTES);
    transaction.set(numbered("transaction", seed, height, index));
    return transaction;
  });
  const version = uint32Bytes(1);
  const previous = numbered("block", seed, height - 1);
  const timeAndBits = Uint8Array.from([...uint32Bytes(1_700_000_000 + height), 0, 0, 0, 0x1d]);
  const prefix = Uint8Array.from([
    ...version,
    ...previous,
    ...merkleRoot(transactions),
    ...timeAndBits,
  ]);
  const target = zeroDigits(difficulty);
  return { prefix, suffix: new Uint8Array(0), nonceBytes: 4, endian: "little", target };
}

/** Tries until a digest has so many zeros, on average. */
export function expectedHashes(difficulty: number): number {
  return 16 ** difficulty;
}

/** The largest digest that begins with so many zeros in hexadecimal. */
function zeroDigits(count: number): Uint8Array {
  const target = new Uint8Array(DIGEST_BYTES).fill(0xff);
  target.fill(0, 0, count >> 1);
  if (count % 2 === 1) target[count >> 1] = 0x0f;
  return target;
}

/** A target that no digest meets. */
export function withoutFinds(task: SearchTask): SearchTask {
  return { ...task, target: new Uint8Array(DIGEST_BYTES) };
}

function numbered(what: string, ...numbers: readonly number[]): Uint8Array {
  return sha256(taggedHash(`poml-bench/${what}`, ...numbers.map(uint32Bytes)));
}
