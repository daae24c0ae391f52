/** What the certificate of a search proves: its finds are hashed again here, where the algorithm is a shipped one. */
import { compareBytes, equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import { SEARCH_MODES } from "../../chain/types/search.ts";
import { searchProgress, searchSpec } from "../../chain/workload/search/search-of.ts";
import { unitAt, unitLength, unitOf } from "../../chain/workload/search/units.ts";
import { findShipped, openShipped, type ShippedAlgorithm } from "../../ml/search/shipped.ts";
import { taskOf } from "../../ml/search/task-of.ts";
import { auditsOf, jobClaim, type ProvedClaim, require } from "./claims.ts";

/** Finds whose nonces are listed. */
const MAX_LISTED = 8;

/** @throws VerifyError naming the claim that does not hold */
export async function checkSearched(
  job: Job,
): Promise<{ proved: ProvedClaim[]; notProved: string[] }> {
  const { algorithm, target, mode } = searchSpec(job.spec);
  const phase = phaseOf(job);
  require(phase === "finished" || phase === "settled", "the search has ended");
  const shipped = findShipped(toHex(algorithm));
  checkFinds(job);
  if (shipped !== undefined) await hashAgain(job, shipped);
  const name = shipped === undefined ? "no shipped one" : `the shipped ${shipped.name}`;
  return {
    proved: [
      jobClaim(job),
      { claim: "algorithm", detail: `SHA-256 ${toHex(algorithm)}, ${name}` },
      { claim: "target", detail: `${toHex(target)}, mode ${SEARCH_MODES[mode]}` },
      { claim: "finds", detail: findsOf(job, shipped) },
      { claim: "coverage", detail: coverageOf(job) },
      { claim: "hashes", detail: hashesOf(job) },
      { claim: "audits", detail: auditsOf(job) },
    ],
    notProved:
      shipped === undefined
        ? ["that the finds have these digests: the algorithm is not here to hash them again"]
        : [],
  };
}

/** As the chain takes them: in the range, in order, at most the target. */
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

async function hashAgain(job: Job, { name }: ShippedAlgorithm): Promise<void> {
  const { finds } = searchProgress(job);
  if (finds.length === 0) return;
  const search = (await openShipped(name)).start(taskOf(searchSpec(job.spec)));
  for (const { nonce, digest } of finds) {
    const { min } = search.stretch(nonce, 1);
    require(equalBytes(min.digest, digest), `nonce ${nonce} hashes to ${toHex(digest)}`);
  }
}

function findsOf(job: Job, shipped: ShippedAlgorithm | undefined): string {
  const { finds } = searchProgress(job);
  if (finds.length === 0) return "none";
  const shown = finds.slice(0, MAX_LISTED).map(({ nonce, digest, node }) => {
    return `nonce ${nonce} by node #${node}: ${toHex(digest)}`;
  });
  const rest = finds.length > MAX_LISTED ? `; and ${finds.length - MAX_LISTED} more` : "";
  return `${shown.join("; ")}${rest}${shipped === undefined ? "" : "; hashed again here"}`;
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
