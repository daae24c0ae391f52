/** What the shipped algorithms must give, by node:crypto and a plain loop. */
import { hash } from "node:crypto";
import { compareBytes } from "../../chain/crypto/hash.ts";
import type { Find, Stretch } from "../../ml/search/algorithm.ts";
import type { SearchTask } from "../../ml/search/search-task.ts";
import type { ShippedName } from "../../ml/search/shipped-algorithms.ts";

const DIGESTS: Readonly<Record<ShippedName, (message: Uint8Array) => Uint8Array>> = {
  sha256: (message) => hash("sha256", message, "buffer"),
  sha256d: (message) => hash("sha256", hash("sha256", message, "buffer"), "buffer"),
  blake2b: (message) => hash("blake2b512", message, "buffer").subarray(0, 32),
};

export function messageOf(
  { prefix, suffix, nonceBytes, endian }: Omit<SearchTask, "target">,
  nonce: bigint,
): Uint8Array {
  const bytes = Buffer.alloc(8);
  if (endian === "little") bytes.writeBigUInt64LE(nonce);
  else bytes.writeBigUInt64BE(nonce << BigInt(64 - 8 * nonceBytes));
  return Buffer.concat([prefix, bytes.subarray(0, nonceBytes), suffix]);
}

export function referenceDigest(name: ShippedName, task: SearchTask, nonce: bigint): Uint8Array {
  return Uint8Array.from(DIGESTS[name](messageOf(task, nonce)));
}

export function expectedStretch(
  name: ShippedName,
  task: SearchTask,
  from: bigint,
  count: number,
): Stretch {
  const finds: Find[] = [];
  const running = new Uint8Array(8);
  let min: Find | undefined;
  for (let nonce = from; nonce < from + BigInt(count); nonce++) {
    const digest = referenceDigest(name, task, nonce);
    for (let at = 0; at < 8; at++) running[at] = (running[at] ?? 0) ^ (digest[at] ?? 0);
    if (compareBytes(digest, task.target) <= 0) finds.push({ nonce, digest });
    if (min === undefined || compareBytes(digest, min.digest) < 0) min = { nonce, digest };
  }
  if (min === undefined) throw new RangeError("no nonces");
  return { finds, min, running };
}
