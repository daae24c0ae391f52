/**
 * How fast searches hash, and what the way of working around the kernels costs: one core against node:crypto, noble and
 * a native program; whole workers against bare kernels; and 1,000,000 nonces of each algorithm against node:crypto. Rates
 * are per second of processor time and the fastest of several rounds, since other processes can only slow one down;
 * ratios are medians over rounds that take turns.
 */
import { hash } from "node:crypto";
import { cpus, loadavg } from "node:os";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../../chain/crypto/hash.ts";
import { RUNNING_DIGEST_BYTES } from "../../chain/workload/search/segment-leaf.ts";
import { MAX_STRETCH } from "../../ml/search/abi.ts";
import type { Search } from "../../ml/search/algorithm.ts";
import { combineRunningDigests } from "../../ml/search/running-digest.ts";
import type { SearchTask } from "../../ml/search/search-task.ts";
import { openShipped, SHIPPED, type ShippedName } from "../../ml/search/shipped-algorithms.ts";
import { expectedStretch, messageOf } from "../helpers/search-referee.ts";
import type { BenchOptions } from "./main.ts";
import { efficiencies } from "./search/efficiency.ts";
import { nativeReference } from "./search/native.ts";

/** A message of 80 bytes, as long as the header of a block of Bitcoin. */
const TASK: SearchTask = {
  prefix: Uint8Array.from({ length: 76 }, (_, index) => (index * 37) & 0xff),
  suffix: new Uint8Array(0),
  nonceBytes: 4,
  endian: "little",
  target: new Uint8Array(32),
};
const CHECKED = 1_000_000;
const QUICK_CHECKED = 100_000;

export interface SearchBench {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly load: number };
  readonly results: readonly AlgorithmResult[];
  readonly sha256dPerSecond: number;
  readonly nodeCryptoPerSecond: number;
  readonly nobleSha256dPerSecond: number;
  /** sha256d of the kernel over the others, medians of rounds in turn. */
  readonly overNodeCrypto: number;
  readonly overNoble: number;
  readonly native: string;
  readonly nativeSha256dPerSecond: number | null;
  readonly shareOfNative: number | null;
  /** Of workers that search slices, against as many bare kernels at the same time. */
  readonly efficiency1: number;
  readonly efficiency2: number;
  readonly efficiency4: number;
  readonly workers: readonly object[];
  /** Nonces of each algorithm that gave what node:crypto gives. */
  readonly checkedNonces: number;
}

export interface AlgorithmResult {
  readonly algorithm: ShippedName;
  readonly hashesPerSecond: number;
  readonly perLane: number;
  readonly hash: string;
}

export async function bench({ quick }: BenchOptions): Promise<SearchBench> {
  const roundMs = quick ? 100 : 400;
  const rounds = quick ? 7 : 15;
  const results: AlgorithmResult[] = [];
  for (const { name, lanes, hash: id } of SHIPPED) {
    const search = (await openShipped(name)).start(TASK);
    const [rates = []] = inTurn([kernelOf(search)], { rounds, roundMs });
    const best = Math.max(...rates);
    results.push({
      algorithm: name,
      hashesPerSecond: Math.round(best),
      perLane: Math.round(best / lanes),
      hash: id,
    });
  }
  const sha256d = kernelOf((await openShipped("sha256d")).start(TASK));
  const [own = [], node = [], noble = []] = inTurn([sha256d, byNode, byNoble], { rounds, roundMs });
  const native = await nativeReference(quick);
  const best = Math.max(...own, ...results.filter(isSha256d).map((one) => one.hashesPerSecond));
  const workers = await efficiencies(TASK, quick);
  const checkedNonces = quick ? QUICK_CHECKED : CHECKED;
  for (const { name } of SHIPPED) await checkAgainstNode(name, checkedNonces);
  const of = (count: number): number =>
    workers.find((one) => one.workers === count)?.efficiency ?? Number.NaN;
  return {
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, load: loadavg()[0] ?? 0 },
    results,
    sha256dPerSecond: Math.round(best),
    nodeCryptoPerSecond: Math.round(Math.max(...node)),
    nobleSha256dPerSecond: Math.round(Math.max(...noble)),
    overNodeCrypto: medianRatio(own, node),
    overNoble: medianRatio(own, noble),
    native: native.what,
    nativeSha256dPerSecond: native.perSecond,
    shareOfNative: native.perSecond === null ? null : rounded(best / native.perSecond),
    efficiency1: of(1),
    efficiency2: of(2),
    efficiency4: of(4),
    workers,
    checkedNonces,
  };
}

function isSha256d({ algorithm }: AlgorithmResult): boolean {
  return algorithm === "sha256d";
}

/** Hashes some nonces from `from` on, and says how many. */
type Hasher = (from: number) => number;

function kernelOf(search: Search): Hasher {
  return (from) => {
    search.stretch(BigInt(from), MAX_STRETCH);
    return MAX_STRETCH;
  };
}

const SINGLES = 512;

function byNode(from: number): number {
  for (let nonce = from; nonce < from + SINGLES; nonce++) {
    hash("sha256", hash("sha256", messageOf(TASK, BigInt(nonce)), "buffer"), "buffer");
  }
  return SINGLES;
}

function byNoble(from: number): number {
  for (let nonce = from; nonce < from + SINGLES; nonce++) {
    nobleSha256(nobleSha256(messageOf(TASK, BigInt(nonce))));
  }
  return SINGLES;
}

/** @returns hashes per second of processor time of each, round by round; the first round, which warms up, left out */
function inTurn(
  hashers: readonly Hasher[],
  { rounds, roundMs }: { readonly rounds: number; readonly roundMs: number },
): number[][] {
  const rates = hashers.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, hasher] of hashers.entries()) {
      const rate = rateOf(hasher, roundMs);
      if (round > 0) rates[index]?.push(rate);
    }
  }
  return rates;
}

function rateOf(hasher: Hasher, roundMs: number): number {
  const start = process.cpuUsage();
  let hashes = 0;
  let usedMs = 0;
  while (usedMs < roundMs) {
    hashes += hasher(hashes);
    const { user, system } = process.cpuUsage(start);
    usedMs = (user + system) / 1000;
  }
  return (1000 * hashes) / usedMs;
}

function medianRatio(a: readonly number[], b: readonly number[]): number {
  const ratios = a.map((value, index) => value / (b[index] ?? Number.NaN)).sort((x, y) => x - y);
  return rounded(ratios[ratios.length >> 1] ?? Number.NaN);
}

/** @throws Error where kernel and node:crypto differ in finds, smallest digest or running digest */
async function checkAgainstNode(name: ShippedName, nonces: number): Promise<void> {
  const target = Uint8Array.of(0x00, 0x40, ...new Uint8Array(30));
  const task: SearchTask = { ...TASK, nonceBytes: 8, target };
  const search = (await openShipped(name)).start(task);
  const running = {
    kernel: new Uint8Array(RUNNING_DIGEST_BYTES),
    node: new Uint8Array(RUNNING_DIGEST_BYTES),
  };
  for (let from = 0n; from < BigInt(nonces); from += BigInt(MAX_STRETCH)) {
    const count = Math.min(MAX_STRETCH, nonces - Number(from));
    const got = search.stretch(from, count);
    const wanted = expectedStretch(name, task, from, count);
    const text = ({ finds, min, running: digest }: typeof got): string =>
      [...finds, min].map((one) => `${one.nonce} ${toHex(one.digest)}`).join() + toHex(digest);
    if (text(got) !== text(wanted)) throw new Error(`${name} differs within ${count} of ${from}`);
    running.kernel = Uint8Array.from(combineRunningDigests(running.kernel, got.running));
    running.node = Uint8Array.from(combineRunningDigests(running.node, wanted.running));
  }
  if (toHex(running.kernel) !== toHex(running.node)) throw new Error(`${name}: running digests`);
}

function rounded(value: number): number {
  return Math.round(1000 * value) / 1000;
}
