/** Jobs that search, in the contract's form. */
import { toHex } from "../../../../chain/crypto/hash.ts";
import type { State } from "../../../../chain/state/state.ts";
import type { Job, JobRecord, JobSpec } from "../../../../chain/types/job.ts";
import {
  SEARCH_ENDIANS,
  SEARCH_MODES,
  type SearchSpec,
  type UnitRange,
} from "../../../../chain/types/search.ts";
import { countUnits } from "../../../../chain/workload/search/coverage.ts";
import { searchMessage } from "../../../../chain/workload/search/message.ts";
import {
  searchProgress,
  searchResult,
  searchSpec,
} from "../../../../chain/workload/search/search-of.ts";
import { unitAt, unitLength } from "../../../../chain/workload/search/units.ts";
import { findShipped } from "../../../../ml/search/shipped-algorithms.ts";
import { type Spans, sizeOf, spanSize } from "../../../jobs/search/leases/span.ts";
import type { LiveSearch } from "../../../jobs/search/live-search.ts";
import {
  type FindJson,
  type LiveSearchJson,
  MAX_LIVE_RANGES,
  type NonceRange,
  type SearchDetail,
  type SearchRecord,
  type SearchSpecJson,
  type SearchSummary,
} from "../../contract/jobs/search.ts";
import { nameOf } from "../plain.ts";
import {
  encodeContribution,
  encodeDetail,
  encodeParticipant,
  encodeRecordFrame,
  encodeSummary,
  encodeTerms,
  named,
  nodeName,
} from "./frame.ts";

export function encodeSearchSpec(spec: JobSpec): SearchSpecJson {
  const search = searchSpec(spec);
  return {
    kind: "search",
    ...encodeTerms(spec),
    ...algorithmOf(search),
    prefix: toHex(search.prefix),
    suffix: toHex(search.suffix),
    nonceBytes: search.nonceBytes,
    endian: nameOf(SEARCH_ENDIANS, search.endian),
    target: toHex(search.target),
    from: search.from.toString(),
    to: search.to.toString(),
    mode: nameOf(SEARCH_MODES, search.mode),
    redundancy: search.redundancy,
    unitBits: search.unitBits,
    operations: search.operations,
    bonus: search.findBonus.toString(),
    pricePerUnit: spec.pricePerUnit.toString(),
  };
}

function algorithmOf({ algorithm }: SearchSpec) {
  const hash = toHex(algorithm);
  return { algorithm: hash, ...named("algorithmName", findShipped(hash)?.name) };
}

export function encodeSearchSummary(job: Job): SearchSummary {
  const { share, ...stand } = standOf(job);
  return { kind: "search", ...encodeSummary(job, share), ...stand };
}

export function encodeSearchDetail(state: State, job: Job, live?: LiveSearch): SearchDetail {
  const { share, ...stand } = standOf(job, state);
  const { frame, earned } = encodeDetail(state, job, share);
  const search = searchSpec(job.spec);
  const length = unitLength(search);
  return {
    kind: "search",
    ...frame,
    ...stand,
    spec: encodeSearchSpec(job.spec),
    open: searchProgress(job).open.map((range) => rangeOf(search, range)),
    participants: job.participants.map((participant, at) => ({
      ...encodeParticipant(state, participant),
      hashes: (BigInt(participant.units) * length).toString(),
      workMs: participant.workMs,
      paidHashes: (participant.paidUnits * length).toString(),
      earned: earned[at] ?? "0",
    })),
    ...(live && { live: encodeLive(state, search, live) }),
  };
}

function encodeLive(
  state: State,
  search: SearchSpec,
  { seenBy, manager, searched, leased, nodes }: LiveSearch,
): LiveSearchJson {
  const length = Number(unitLength(search));
  return {
    seenBy,
    ...(manager && {
      manager: { ...manager, ...named("name", nodeName(state, manager.node)) },
    }),
    searchedUnits: sizeOf(searched),
    leasedUnits: sizeOf(leased),
    searched: largest(search, searched),
    leased: largest(search, leased),
    nodes: nodes.map(({ node, units, unitsPerSecond }) => ({
      node,
      ...named("name", nodeName(state, node)),
      hashesPerSecond: Math.round(unitsPerSecond * length),
      units,
    })),
  };
}

function largest(search: SearchSpec, spans: Spans): NonceRange[] {
  const few =
    spans.length <= MAX_LIVE_RANGES
      ? spans
      : spans
          .toSorted((a, b) => spanSize(b) - spanSize(a))
          .slice(0, MAX_LIVE_RANGES)
          .sort((a, b) => a.from - b.from);
  return few.map(({ from, to }) => rangeOf(search, { from: BigInt(from), to: BigInt(to) }));
}

function rangeOf(search: SearchSpec, range: UnitRange): NonceRange {
  const { from, to } = noncesOf(search, range);
  return { from: from.toString(), to: to.toString() };
}

export function encodeSearchRecord(state: State, record: JobRecord): SearchRecord {
  const { open, finds, alarms } = searchResult(record);
  return {
    kind: "search",
    ...encodeRecordFrame(state, record),
    openUnits: countUnits(open).toString(),
    finds: finds.map(({ nonce, digest, node }) => {
      return { nonce: nonce.toString(), digest: toHex(digest), node };
    }),
    alarms: [...alarms],
    contributions: record.contributions.map((contribution) => ({
      ...encodeContribution(state, contribution),
      units: contribution.units,
      workMs: contribution.workMs,
    })),
  };
}

/** The progress; `share` is the part of the range that has been searched. */
function standOf(job: Job, state?: State) {
  const search = searchSpec(job.spec);
  const { open, finds } = searchProgress(job);
  const nonces = search.to - search.from;
  const left = open.reduce((sum, range) => {
    const { from, to } = noncesOf(search, range);
    return sum + to - from;
  }, 0n);
  return {
    share: Number(((nonces - left) * 1_000_000n) / nonces) / 1e6,
    ...algorithmOf(search),
    nonces: nonces.toString(),
    searched: (nonces - left).toString(),
    finds: finds.map(({ nonce, digest, node }): FindJson => {
      return {
        nonce: nonce.toString(),
        digest: toHex(digest),
        message: toHex(searchMessage(search, nonce)),
        node,
        ...named("name", state && nodeName(state, node)),
      };
    }),
  };
}

function noncesOf(search: SearchSpec, { from, to }: UnitRange): { from: bigint; to: bigint } {
  return { from: unitAt(search, from).from, to: unitAt(search, to - 1n).to };
}
