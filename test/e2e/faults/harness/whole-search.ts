/** What every test asks that strikes a search: all is searched, each unit once, and the escrow is divided. */
import { expect } from "chai";
import { ofKind } from "../../../../node/api/contract/jobs/job.ts";
import type { SearchDetail, SearchRound } from "../../../../node/api/contract/jobs/search.ts";
import type { SearchOrder } from "../../../../node/api/contract/jobs/search-order.ts";
import { followJob, isBalanced, isComplete } from "../../../../node/cli/job/follow.ts";
import { unitsOf } from "../../../helpers/live-search.ts";
import type { LocalNode } from "../../../helpers/local-network.ts";

export const SEARCH_MS = 420_000;

/** A range without a find, to be searched by four nodes. @param text the prefix */
export function fruitlessOrder(text: string, to: number): SearchOrder {
  return {
    kind: "search",
    algorithm: "sha256d",
    prefix: Buffer.from(text).toString("hex"),
    zeroBits: 60,
    to,
    mode: "all",
    participants: 4,
    quorum: 2,
    teamSize: 3,
    phaseSeconds: 40,
  };
}

export interface WholeSearch {
  readonly job: SearchDetail;
  readonly rounds: readonly SearchRound[];
  readonly units: number;
}

/** Waits for the settlement of a search of mode `all`. */
export async function expectWhole(id: string, { client }: LocalNode): Promise<WholeSearch> {
  const signal = AbortSignal.timeout(SEARCH_MS);
  const job = ofKind("search", await followJob(client, id, { timeoutMs: SEARCH_MS, signal }));
  expect(isComplete(job), job.outcome.reason).equal(true);
  expect(job.searched).equal(job.nonces);
  expect(job.open).eql([]);
  expect(isBalanced(job)).equal(true);
  const rounds = (await client.rounds(id)).rounds.map((round) => ofKind("search", round));
  const claims = rounds.flatMap(({ contributions }) => contributions.map((one) => one.units));
  const units = unitsOf(job);
  expect(
    claims.reduce((sum, claimed) => sum + claimed, 0),
    "units claimed in all rounds",
  ).equal(units);
  const paid = job.participants.reduce((sum, { paidHashes }) => sum + BigInt(paidHashes), 0n);
  // Whoever died before its round was recorded has no claim in it: others searched these units.
  expect(paid, "hashes that were paid").equal(BigInt(units) << BigInt(job.spec.unitBits));
  return { job, rounds, units };
}
