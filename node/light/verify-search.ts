/**
 * Checks what the certificate of a search proves; it hashes the finds again if the module of the algorithm is
 * available.
 */
import { compareBytes, equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import { SEARCH_MODES } from "../../chain/types/search.ts";
import { searchProgress, searchSpec } from "../../chain/workload/search/search-of.ts";
import { unitAt, unitLength, unitOf } from "../../chain/workload/search/units.ts";
import type { SearchTask } from "../../ml/search/search-task.ts";
import {
  findShipped,
  openShipped,
  type ShippedAlgorithm,
} from "../../ml/search/shipped-algorithms.ts";
import { taskOf } from "../../ml/search/task-of.ts";
import { auditsOf, jobClaim, type ProvedClaim, require } from "./claims.ts";

/** The largest number of finds that are listed. */
const MAX_LISTED = 8;

/** Finds a module that did not come with the program, and hashes with it. */
export interface OtherAlgorithm {
  /** @param hash SHA-256, as hex @returns undefined if the module is not found */
  find(hash: string): Promise<Uint8Array | undefined>;
  /** In a process of its own. @returns 32 bytes for each nonce, in order @throws AlgorithmError, HelperError */
  hash(
    module: Uint8Array,
    search: SearchTask,
    nonces: readonly bigint[],
  ): Promise<readonly Uint8Array[]>;
}

export interface CheckedSearch {
  readonly proved: readonly ProvedClaim[];
  readonly notProved: readonly string[];
  /** Checks that were not made because the module is not here. */
  readonly unchecked: readonly string[];
}

/** @throws VerifyError naming the claim that does not hold; as `OtherAlgorithm` */
export async function checkSearched(
  job: Job,
  other: OtherAlgorithm | undefined,
): Promise<CheckedSearch> {
  const { algorithm, target, mode } = searchSpec(job.spec);
  const phase = phaseOf(job);
  require(phase === "finished" || phase === "settled", "the search has ended");
  const hash = toHex(algorithm);
  const shipped = findShipped(hash);
  checkFinds(job);
  const digests = shipped ? await hashShipped(job, shipped) : await hashOther(job, other);
  if (digests !== undefined) checkDigests(job, digests);
  return {
    proved: [
      jobClaim(job),
      {
        claim: "algorithm",
        detail: `SHA-256 ${hash}, ${shipped ? `the shipped ${shipped.name}` : "no shipped one"}`,
      },
      { claim: "target", detail: `${toHex(target)}, mode ${SEARCH_MODES[mode]}` },
      { claim: "finds", detail: findsOf(job, digests !== undefined) },
      { claim: "coverage", detail: coverageOf(job) },
      { claim: "hashes", detail: hashesOf(job) },
      { claim: "audits", detail: auditsOf(job) },
    ],
    notProved: [],
    unchecked:
      digests === undefined
        ? [`that the finds have these digests: the module ${hash} is not here to hash them again`]
        : [],
  };
}

/** Checks the finds as the chain does: in the range, in order, at most the target. */
function checkFinds(job: Job): void {
  const search = searchSpec(job.spec);
  const { finds } = searchProgress(job);
  finds.forEach(({ nonce, digest }, i) => {
    const before = finds[i - 1];
    const fits =
      unitOf(search, nonce) !== undefined && (before === undefined || before.nonce < nonce);
    require(fits, `find ${nonce} lies in the range`);
    require(compareBytes(digest, search.target) <= 0, `find ${nonce} is at most the target`);
  });
}

async function hashShipped(job: Job, { name }: ShippedAlgorithm): Promise<readonly Uint8Array[]> {
  const search = (await openShipped(name)).start(taskOf(searchSpec(job.spec)));
  return noncesOf(job).map((nonce) => search.stretch(nonce, 1).min.digest);
}

/** @returns undefined if the module is not found */
async function hashOther(
  job: Job,
  other: OtherAlgorithm | undefined,
): Promise<readonly Uint8Array[] | undefined> {
  const nonces = noncesOf(job);
  if (nonces.length === 0) return [];
  const { algorithm } = searchSpec(job.spec);
  const module = await other?.find(toHex(algorithm));
  if (other === undefined || module === undefined) return undefined;
  require(equalBytes(sha256(module), algorithm), "the module has the hash that the order names");
  return other.hash(module, taskOf(searchSpec(job.spec)), nonces);
}

function noncesOf(job: Job): bigint[] {
  return searchProgress(job).finds.map(({ nonce }) => nonce);
}

function checkDigests(job: Job, digests: readonly Uint8Array[]): void {
  for (const [at, { nonce, digest }] of searchProgress(job).finds.entries()) {
    const own = digests[at];
    const isSame = own !== undefined && equalBytes(own, digest);
    require(isSame, `nonce ${nonce} hashes to ${toHex(digest)}`);
  }
}

function findsOf(job: Job, isHashed: boolean): string {
  const { finds } = searchProgress(job);
  if (finds.length === 0) return "none";
  const shown = finds.slice(0, MAX_LISTED).map(({ nonce, digest, node }) => {
    return `nonce ${nonce} by node #${node}: ${toHex(digest)}`;
  });
  const rest = finds.length > MAX_LISTED ? `; and ${finds.length - MAX_LISTED} more` : "";
  return `${shown.join("; ")}${rest}${isHashed ? "; hashed again here" : "; by the word of more than half of the team"}`;
}

function coverageOf(job: Job): string {
  const search = searchSpec(job.spec);
  const nonces = search.to - search.from;
  const left = searchProgress(job).open.reduce((sum, { from, to }) => {
    return sum + unitAt(search, to - 1n).to - unitAt(search, from).from;
  }, 0n);
  const percent = Number(((nonces - left) * 10_000n) / nonces) / 100;
  return `${nonces - left} of the nonces ${search.from} up to ${search.to} claimed as searched, ${percent} %`;
}

function hashesOf({ spec, participants }: Job): string {
  const length = unitLength(searchSpec(spec));
  const paid = participants.filter(({ paidUnits }) => paidUnits > 0n);
  if (paid.length === 0) return "none were paid";
  return paid.map(({ node, paidUnits }) => `node #${node}: ${paidUnits * length}`).join("; ");
}
