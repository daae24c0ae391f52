/** Takes a search through the chain's own rules: units are really hashed, with SHA-256 and few nonces each. */
import { stageOf } from "../../chain/audit/tick.ts";
import { compareBytes, equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import { signingRoot } from "../../chain/crypto/signing.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { merkleRoot } from "../../chain/proof/hash-tree.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { ALL_SEGMENTS, type Audit, type AuditAnswer } from "../../chain/types/audit.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import { type Job, JobRecord, type JobSpec, type Participant } from "../../chain/types/job.ts";
import type { RatingChange } from "../../chain/types/node.ts";
import type { SearchFind, SearchResult, SearchSpec, UnitRange } from "../../chain/types/search.ts";
import type { Payloads, SignedTransaction } from "../../chain/types/transaction.ts";
import { countUnits, withoutUnits } from "../../chain/workload/search/coverage.ts";
import { searchMessage } from "../../chain/workload/search/message.ts";
import { roundBase } from "../../chain/workload/search/round.ts";
import { searchProgress, searchSpec } from "../../chain/workload/search/search-of.ts";
import { claimLeaves, type SearchedUnit } from "../../chain/workload/search/segment-leaf.ts";
import { MOST_SHARE, unitShare } from "../../chain/workload/search/statistics.ts";
import { tallied } from "../../chain/workload/search/tallies.ts";
import { unitAt } from "../../chain/workload/search/units.ts";
import { TestChain } from "./chain.ts";
import { auditAnswers, jobById } from "./job-run.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export const EVERYTHING: Uint8Array = new Uint8Array(32).fill(255);
export const NOTHING: Uint8Array = new Uint8Array(32);

/** The fields of an order to search, without the layers they lie in. */
export type SearchOrder = Omit<JobSpec, "work"> & SearchSpec;

/** A small valid order: 24 units of 64 nonces, and no find among them. */
export function searchOrder(name: string, overrides: Partial<SearchOrder> = {}): JobSpec {
  const order: SearchOrder = {
    name: text(name),
    participants: 4,
    quorum: 2,
    teamSize: 3,
    phaseBlocks: 20,
    pricePerUnit: 1000n,
    algorithm: sha256(text("an algorithm")),
    prefix: text(name),
    suffix: new Uint8Array(0),
    nonceBytes: 8,
    endian: 0,
    target: NOTHING,
    from: 1000n,
    to: 1000n + 24n * 64n,
    mode: 0,
    redundancy: 0,
    unitBits: 6,
    operations: 4000,
    findBonus: 0n,
    ...overrides,
  };
  const { participants, quorum, teamSize, phaseBlocks, pricePerUnit, ...rest } = order;
  const { name: label, ...search } = rest;
  const work = { selector: 1, value: search } as const;
  return { name: label, participants, quorum, teamSize, phaseBlocks, pricePerUnit, work };
}

/** The digest of a nonce in this order, by SHA-256. */
export function digestOf(spec: SearchSpec, nonce: bigint): Uint8Array {
  return sha256(searchMessage(spec, nonce));
}

export interface Searched extends SearchedUnit {
  readonly minDigest: Uint8Array;
}

export function searchUnit(spec: SearchSpec, unit: bigint): Searched {
  const { from, to } = unitAt(spec, unit);
  const running = new Uint8Array(8);
  let [minNonce, minDigest] = [from, digestOf(spec, from)];
  for (let nonce = from; nonce < to; nonce++) {
    const digest = digestOf(spec, nonce);
    for (let i = 0; i < 8; i++) running[i] = (running[i] ?? 0) ^ (digest[i] ?? 0);
    if (compareBytes(digest, minDigest) < 0) [minNonce, minDigest] = [nonce, digest];
  }
  return { unit, minNonce, running, minDigest };
}

/** Digest of nonce `index` in order of size among all of this order: a target with so many finds. */
export function targetFor(spec: JobSpec, finds: number): Uint8Array {
  const search = searchSpec(spec);
  const digests: Uint8Array[] = [];
  for (let nonce = search.from; nonce < search.to; nonce++) digests.push(digestOf(search, nonce));
  digests.sort(compareBytes);
  return digests[finds - 1] ?? NOTHING;
}

/** Units as ranges. */
export function rangesOf(units: readonly bigint[]): UnitRange[] {
  const ranges: UnitRange[] = [];
  for (const unit of [...new Set(units)].sort((a, b) => (a < b ? -1 : 1))) {
    const last = ranges.at(-1);
    if (last?.to === unit) last.to = unit + 1n;
    else ranges.push({ from: unit, to: unit + 1n });
  }
  return ranges;
}

/** A job that is open already, on a chain of somebody else's. */
export interface OpenSearch {
  readonly chain: TestChain;
  readonly id: Uint8Array;
  readonly spec: JobSpec;
}

export interface SearchStoryOptions {
  readonly nodes?: number;
  readonly order?: Partial<SearchOrder>;
  readonly parameters?: Partial<Parameters>;
  readonly opened?: OpenSearch;
}

/** Nobody is a newcomer and nobody looks twice, unless a test asks for it. */
const PLAIN = { newcomerAudits: 0, secondLook: 0 };

interface Claim {
  readonly units: readonly bigint[];
  readonly leaves: readonly Uint8Array[];
  /** What a replay comes to. */
  readonly truth: readonly Uint8Array[];
  /** Of the smallest digests of its units. */
  readonly share: bigint;
}

export class SearchStory {
  readonly chain: TestChain;
  readonly changes: RatingChange[] = [];
  readonly spec: JobSpec;
  readonly #id: Uint8Array;
  /** By round and node. */
  readonly #claims = new Map<string, Claim>();

  constructor({ nodes = 8, order, parameters, opened }: SearchStoryOptions = {}) {
    if (opened !== undefined) {
      this.chain = opened.chain;
      this.spec = opened.spec;
      this.#id = opened.id;
      return;
    }
    this.chain = new TestChain({ founders: nodes, parameters: { ...PLAIN, ...parameters } });
    this.spec = searchOrder("search", order);
    const escrow = jobPrice(this.spec, this.chain.head.state.parameters) + 1_000_000n;
    const open = this.chain.transaction(this.chain.client, "job-open", {
      spec: this.spec,
      escrow,
    });
    this.#id = transactionId(open.transaction);
    this.advance(open);
    this.advance();
  }

  get job(): Job {
    return jobById(this.chain, this.#id);
  }

  get search(): SearchSpec {
    return searchSpec(this.spec);
  }

  /** Units that nobody has searched. */
  get open(): bigint[] {
    return searchProgress(this.job).open.flatMap(({ from, to }) =>
      Array.from({ length: Number(to - from) }, (_, i) => from + BigInt(i)),
    );
  }

  balance(node: number): bigint {
    return this.chain.head.state.account(this.chain.personOfNode(node).address).balance;
  }

  participant(position: number): Participant {
    const found = this.job.participants[position];
    if (found === undefined) throw new Error(`no participant ${position}`);
    return found;
  }

  advance(...transactions: SignedTransaction[]): void {
    this.changes.push(...this.chain.advance(...transactions).body.ratingChanges);
  }

  /**
   * What a participant commits to for these units.
   * @param skipped those that it claims without having searched them
   */
  commit(node: number, units: readonly bigint[], skipped: readonly bigint[] = []) {
    const { job, search, chain } = this;
    const truth = units.map((unit) => searchUnit(search, unit));
    const claimed = truth.map((one) =>
      skipped.includes(one.unit) ? { ...one, running: new Uint8Array(8) } : one,
    );
    const { publicKey } = chain.head.state.nodes.at(node);
    const key = { job: job.id, round: job.round, publicKey };
    const leaves = claimLeaves(key, roundBase(job), claimed);
    const name = `${job.round} ${node}`;
    const share = truth.reduce((sum, { unit, minDigest }) => {
      const { from, to } = unitAt(search, unit);
      return sum + unitShare(to - from, minDigest);
    }, 0n);
    this.#claims.set(name, {
      units,
      leaves,
      truth: claimLeaves(key, roundBase(job), truth),
      share,
    });
    return chain.transaction(
      chain.personOfNode(node),
      "job-commit",
      {
        job: job.id,
        round: job.round,
        updateHash: sha256(text(`claims ${name} ${units.join()}`)),
        checkpointRoot: merkleRoot(leaves),
        units: units.length,
        workMs: 1000,
        updateBytes: 24 * units.length,
      },
      { fee: 0n },
    );
  }

  /** What a node commits to that copies the claim of another. */
  commitAs(node: number, copied: number, units: readonly bigint[]): SignedTransaction {
    const { job, chain } = this;
    const own = this.commit(node, units);
    const { truth, share } = this.#claim(job.round, node);
    const { leaves } = this.#claim(job.round, copied);
    this.#claims.set(`${job.round} ${node}`, { units, leaves, truth, share });
    const { payload } = own.transaction;
    const value = {
      ...(payload.value as Payloads["job-commit"]),
      checkpointRoot: merkleRoot(leaves),
    };
    return chain.transaction(chain.personOfNode(node), "job-commit", value, { fee: 0n });
  }

  /** All participants commit: each to the units at its position, in one block. */
  commitAll(...units: readonly (readonly bigint[])[]): void {
    const { participants } = this.job;
    this.advance(...participants.map(({ node }, i) => this.commit(node, units[i] ?? [])));
  }

  /** The open units dealt round, to all participants but those out of the job; at most so many each. */
  dealt(most = 1000): bigint[][] {
    const { open } = this;
    const { length } = this.job.participants;
    return this.job.participants.map((_, place) =>
      open.filter((_, i) => i % length === place).slice(0, most),
    );
  }

  /** What the commits of the round give, as an honest team reckons it, but for the statistics. */
  result(): Omit<SearchResult, "shares" | "alarms"> {
    const { job, search } = this;
    const searched = job.participants.flatMap(({ node, updateHash }) => {
      if (equalBytes(updateHash, NOTHING)) return [];
      const claim = this.#claims.get(`${job.round} ${node}`);
      return (claim?.units ?? []).map((unit) => ({ node, unit }));
    });
    const { open, finds: known } = searchProgress(job);
    const left = withoutUnits(open, rangesOf(searched.map(({ unit }) => unit)));
    const finds = searched
      .flatMap(({ node, unit }) => this.findsIn(node, unit))
      .filter(({ nonce }) => !known.some((find) => find.nonce === nonce));
    return { open: left, finds: chosen(search, known[0], finds) };
  }

  findsIn(node: number, unit: bigint): SearchFind[] {
    const { search } = this;
    const { from, to } = unitAt(search, unit);
    const finds: SearchFind[] = [];
    for (let nonce = from; nonce < to; nonce++) {
      const digest = digestOf(search, nonce);
      if (compareBytes(digest, search.target) <= 0) finds.push({ nonce, digest, node });
    }
    return finds;
  }

  /**
   * The record of the round under way; `members` (positions) sign it, by default all.
   * @param doubted nodes of which the team says that their smallest digests are as large as can be
   */
  record(
    changes: Partial<SearchResult> = {},
    {
      members = this.job.team.map((_, member) => member),
      manager = this.job.team[0] ?? 0,
      leaveOut = [] as readonly number[],
      doubted = [] as readonly number[],
    } = {},
  ): SignedTransaction {
    const { chain, job } = this;
    const contributions = job.participants
      .filter(
        ({ node, updateHash }) => !leaveOut.includes(node) && !equalBytes(updateHash, NOTHING),
      )
      .map(({ node, updateHash, units, workMs, updateBytes }) => {
        return { node, updateHash, units, workMs, updateBytes };
      })
      .sort((a, b) => a.node - b.node);
    const shares = contributions.map(({ node, units }) => {
      if (doubted.includes(node)) return BigInt(units) * MOST_SHARE;
      return this.#claims.get(`${job.round} ${node}`)?.share ?? 0n;
    });
    const { tallies } = searchProgress(job);
    const { alarms } = tallied(tallies, contributions, changes.shares ?? shares);
    const result = { ...this.result(), shares, alarms, ...changes };
    const record: JobRecord = {
      job: job.id,
      round: job.round,
      manager,
      contributions,
      durationMs: 1000,
      gain: { selector: 1, value: result },
    };
    const root = signingRoot("record", chain.genesisRoot, JobRecord.hashTreeRoot(record));
    const cosignatures = members.map((member) => ({
      member,
      signature: chain.personOfNode(job.team[member] ?? 0).keys.sign(root),
    }));
    const sender = chain.personOfNode(manager);
    return chain.transaction(sender, "job-round", { record, cosignatures }, { fee: 0n });
  }

  /** One round in which everything that is open is searched, at most so many units each. */
  round(most?: number): void {
    this.commitAll(...this.dealt(most));
    this.advance(this.record());
  }

  /** Everybody who is asked answers by what a replay comes to, until no audit is left. */
  audited(): void {
    const limit = this.chain.height + 200;
    while (this.job.audits.length > 0) {
      if (this.chain.height > limit) throw new Error("audits without end");
      this.advance(...this.answers());
    }
  }

  /** What participants, managers and auditors do next; each searches so many units a round at most. */
  next(most?: number): SignedTransaction[] {
    const { chain, job } = this;
    switch (phaseOf(job)) {
      case "training": {
        const dealt = this.dealt(most);
        return job.participants
          .filter(({ updateHash }) => equalBytes(updateHash, NOTHING))
          .map(({ node }, i) => this.commit(node, dealt[i] ?? []));
      }
      case "revealing":
        return [this.record()];
      case "finished":
      case "failed":
      case "cancelled":
        if (job.audits.length > 0) return this.answers();
        return [
          chain.transaction(
            chain.founders[0] ?? chain.client,
            "job-settle",
            { job: job.id },
            { fee: 0n },
          ),
        ];
      default:
        return [];
    }
  }

  answers(): SignedTransaction[] {
    return auditAnswers(
      this.chain,
      this.job,
      (audit) => this.answerTo(audit),
      (_, round, node) => [...(this.#claims.get(`${round} ${node}`)?.leaves ?? [])],
      ({ round, node }) => {
        const { leaves, truth } = this.#claim(round, node);
        return leaves.findIndex((leaf, i) => !equalBytes(leaf, truth[i] ?? NOTHING)) - 1;
      },
    );
  }

  #claim(round: number, node: number): Claim {
    const claim = this.#claims.get(`${round} ${node}`);
    if (claim === undefined) throw new Error(`node ${node} claims nothing in round ${round}`);
    return claim;
  }

  answerTo({ round, node, segment }: Audit): AuditAnswer {
    const { leaves, truth } = this.#claim(round, node);
    const isEqual = (i: number): boolean => equalBytes(leaves[i] ?? NOTHING, truth[i] ?? NOTHING);
    const drawn = segment === ALL_SEGMENTS ? leaves.map((_, i) => i) : [segment + 1];
    return drawn.every(isEqual) ? "match" : "mismatch";
  }

  /** Audits, and then the settlement. */
  settled(): void {
    this.audited();
    const settle = this.chain.transaction(
      this.chain.client,
      "job-settle",
      { job: this.job.id },
      { fee: 0n },
    );
    this.advance(settle);
    if (phaseOf(this.job) !== "settled") throw new Error("not settled");
  }

  /** For messages of a test. */
  get shown(): string {
    const { open, finds } = searchProgress(this.job);
    const nonces = finds.map(({ nonce }) => nonce).join();
    const stages = this.job.audits.map((audit) => stageOf(audit)).join();
    return `${toHex(this.job.id).slice(0, 8)} ${phaseOf(this.job)}, ${countUnits(open)} open, finds ${nonces}, ${stages}`;
  }
}

function chosen(
  { mode }: SearchSpec,
  best: SearchFind | undefined,
  finds: readonly SearchFind[],
): SearchFind[] {
  const sorted = [...finds].sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
  if (mode === 0) return sorted.slice(0, 1);
  if (mode === 1) return sorted;
  const [smallest] = [...finds].sort((a, b) => compareBytes(a.digest, b.digest));
  if (smallest === undefined) return [];
  return best === undefined || compareBytes(smallest.digest, best.digest) < 0 ? [smallest] : [];
}
