/**
 * Runs a module to test whether its answers are consistent. No second implementation of the algorithm is needed: with
 * the highest target every nonce is a find, so all digests are known, and everything else follows from them. A module
 * may never return, so run this in a process that can be killed.
 */
import { compareBytes, equalBytes, toHex } from "../../../chain/crypto/hash.ts";
import { RUNNING_DIGEST_BYTES } from "../../../chain/workload/search/segment-leaf.ts";
import { MAX_PART_BYTES, MAX_STRETCH } from "../abi.ts";
import type { Algorithm, Find, Search, Stretch } from "../algorithm.ts";
import { wrongResult } from "../algorithm-error.ts";
import { combineRunningDigests } from "../running-digest.ts";
import type { SearchTask } from "../search-task.ts";
import { StretchSize } from "../stretch-size.ts";

export interface ProbeResult {
  /** Hashes of one task in the time of the measurement. */
  readonly hashesPerSecond: number;
  readonly hashes: number;
}

const HIGHEST = new Uint8Array(32).fill(0xff);
const FIRST: SearchTask = {
  prefix: pattern(76, 4),
  suffix: new Uint8Array(0),
  nonceBytes: 8,
  endian: "little",
  target: HIGHEST,
};
const LENGTHS = [0, 1, 55, 76, MAX_PART_BYTES] as const;
/** Odd, so that kernels with lanes have a remainder. */
const NONCES = 7;
const MEASURE_MS = 300;
const MANY_FINDS_SECONDS = 2;

/** @throws AlgorithmError ALGORITHM_TRAPPED, ALGORITHM_RESULT */
export function probeAlgorithm(algorithm: Algorithm, clock: { now(): number }): ProbeResult {
  const search = algorithm.start(FIRST);
  for (const prefixBytes of LENGTHS) {
    for (const suffixBytes of LENGTHS) probeParts(search, prefixBytes, suffixBytes);
  }
  probeMessage(search);
  search.use(FIRST);
  expectSame(
    algorithm.start(FIRST).stretch(0n, NONCES),
    search.stretch(0n, NONCES),
    "what came before changes the result",
  );
  const result = measure(search, clock);
  probeManyFinds(search, result.hashesPerSecond);
  return result;
}

function probeParts(search: Search, prefixBytes: number, suffixBytes: number): void {
  for (const nonceBytes of [4, 8] as const) {
    for (const endian of ["little", "big"] as const) {
      const parts = { prefix: pattern(prefixBytes, 1), suffix: pattern(suffixBytes, 2) };
      const task = { ...parts, nonceBytes, endian, target: HIGHEST };
      // The last possible nonces, or those around 2^32.
      const from = 2n ** 32n - BigInt(nonceBytes === 4 ? NONCES : NONCES >> 1);
      probeNonces(search, task, from);
    }
  }
}

function probeNonces(search: Search, task: SearchTask, from: bigint): void {
  search.use(task);
  const whole = search.stretch(from, NONCES);
  const digests = digestsOf(whole, from, NONCES);
  expectSame(expected(digests, HIGHEST), whole, "every nonce is a find");
  expectSame(whole, search.stretch(from, NONCES), "the same nonces give the same twice");
  const left = search.stretch(from, 3);
  const right = search.stretch(from + 3n, NONCES - 3);
  expectSame(expected(digests.slice(0, 3), HIGHEST), left, "the first nonces of several");
  expectSame(expected(digests.slice(3), HIGHEST), right, "the last nonces of several");
  const target = digests[NONCES >> 1]?.digest ?? HIGHEST;
  search.use({ ...task, target });
  expectSame(
    expected(digests, target),
    search.stretch(from, NONCES),
    "a target that is one of the digests",
  );
}

/** As many finds as a call may have, if that takes a few seconds at most. */
function probeManyFinds(search: Search, hashesPerSecond: number): void {
  const count = Math.min(MAX_STRETCH, Math.max(NONCES, MANY_FINDS_SECONDS * hashesPerSecond));
  const parts = { prefix: pattern(20, 5), suffix: pattern(20, 6) };
  search.use({ ...parts, nonceBytes: 8, endian: "big", target: HIGHEST });
  const whole = search.stretch(0n, count);
  expectSame(expected(digestsOf(whole, 0n, count), HIGHEST), whole, `${count} finds`);
}

/** Tests that a digest depends on the bytes of the message alone, and on all of them, wherever the nonce is. */
function probeMessage(search: Search): void {
  const message = pattern(160, 3);
  const digest = digestOf(search, message, { at: 64, nonceBytes: 4, endian: "little" });
  for (const at of [0, 1, 30, 62, 120, 152]) {
    for (const nonceBytes of [4, 8] as const) {
      for (const endian of ["little", "big"] as const) {
        const other = digestOf(search, message, { at, nonceBytes, endian });
        if (equalBytes(other, digest)) continue;
        const nonce = `a nonce of ${nonceBytes} bytes at byte ${at}, ${endian} end first`;
        throw wrongResult(`${nonce}, gives another digest for the same message`);
      }
    }
  }
  for (const at of [0, 63, 64, 67, 68, 159]) {
    const changed = message.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    const other = digestOf(search, changed, { at: 64, nonceBytes: 4, endian: "little" });
    if (equalBytes(other, digest)) throw wrongResult(`byte ${at} of a message changes nothing`);
  }
}

interface Place {
  readonly at: number;
  readonly nonceBytes: 4 | 8;
  readonly endian: "little" | "big";
}

function digestOf(search: Search, message: Uint8Array, place: Place): Uint8Array {
  const { at, nonceBytes, endian } = place;
  const end = at + nonceBytes;
  const task = { prefix: message.slice(0, at), suffix: message.slice(end), nonceBytes, endian };
  const bytes = message.slice(at, end);
  if (endian === "little") bytes.reverse();
  search.use({ ...task, target: HIGHEST });
  return search.stretch(BigInt(`0x${toHex(bytes)}`), 1).min.digest;
}

function digestsOf({ finds }: Stretch, from: bigint, count: number): readonly Find[] {
  if (finds.length !== count) {
    throw wrongResult(`${finds.length} finds for the highest target, not ${count}`);
  }
  const different = new Set(finds.map(({ digest }) => toHex(digest)));
  if (different.size < count) throw wrongResult(`nonces from ${from} on have equal digests`);
  return finds;
}

function expected(digests: readonly Find[], target: Uint8Array): Stretch {
  const [first, ...others] = digests;
  if (first === undefined) throw new RangeError("no digests");
  let min = first;
  for (const one of others) if (compareBytes(one.digest, min.digest) < 0) min = one;
  let running: Uint8Array = new Uint8Array(RUNNING_DIGEST_BYTES);
  for (const { digest } of digests) running = combineRunningDigests(running, digest);
  const finds = digests.filter(({ digest }) => compareBytes(digest, target) <= 0);
  return { finds, min, running };
}

function expectSame(wanted: Stretch, got: Stretch, where: string): void {
  const [expectedText, actualText] = [textOf(wanted), textOf(got)];
  const at = expectedText.findIndex((line, index) => line !== actualText[index]);
  if (at !== -1 || actualText.length !== expectedText.length) {
    const [good, bad] = [expectedText.at(at), actualText.at(at)];
    throw wrongResult(`${where}: expected ${good ?? "no more"}, got ${bad ?? "no more"}`);
  }
}

function textOf({ finds, min, running }: Stretch): readonly string[] {
  const findText = ({ nonce, digest }: Find): string => `${nonce} with ${toHex(digest)}`;
  return [
    `running digest ${toHex(running)}`,
    `smallest digest of ${findText(min)}`,
    ...finds.map((find) => `find ${findText(find)}`),
  ];
}

function measure(search: Search, clock: { now(): number }): ProbeResult {
  search.use({ ...FIRST, target: new Uint8Array(32) });
  const size = new StretchSize();
  const start = clock.now();
  let hashes = 0;
  let now = start;
  while (now - start < MEASURE_MS) {
    const count = Math.min(size.next, MAX_STRETCH);
    search.stretch(BigInt(hashes), count);
    const end = clock.now();
    size.took(count, end - now);
    now = end;
    hashes += count;
  }
  return { hashes, hashesPerSecond: Math.round((1000 * hashes) / (now - start)) };
}

/** Bytes that do not repeat with a period of a power of two. */
function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 37 + seed * 101 + (index >> 3)) & 0xff);
}
