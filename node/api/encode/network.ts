/** The node itself, accounts and the rated nodes in the contract's form. */
import { addressOf, formatAddress } from "../../../chain/crypto/address.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { canBeDrawn } from "../../../chain/draw/frozen-weights.ts";
import { segmentsOf } from "../../../chain/rating/draw-segments.ts";
import { factorsOf } from "../../../chain/rating/formula.ts";
import { withheldNow } from "../../../chain/rating/withholding.ts";
import { epochOf } from "../../../chain/schedule/epoch-of.ts";
import type { State } from "../../../chain/state/state.ts";
import type { Job } from "../../../chain/types/job.ts";
import { type NodeRecord, VERDICTS } from "../../../chain/types/node.ts";
import type { Unbonding } from "../../../chain/types/state.ts";
import type { WindowClaim } from "../../../chain/types/window.ts";
import { totalWeight, votingWeight, weightOf } from "../../../chain/weight/weight.ts";
import { disturbance } from "../../../ml/baseline/core-share.ts";
import type { FoundJob } from "../../chain/job-archive.ts";
import type { SearchTrouble } from "../../jobs/search/search-troubles.ts";
import type { WindowWork } from "../../rating/window-service.ts";
import type { SnapshotProgress } from "../../snapshots/snapshot-sync.ts";
import type { NodeStatus } from "../../status/node-status.ts";
import { blocksBehind, healthStatus, noticesOf } from "../../status/notices.ts";
import { votingSafety } from "../../voting-safety.ts";
import type {
  AccountJson,
  NodeDetail,
  NodeJson,
  ParametersJson,
  SearchTroubleJson,
  Status,
  WindowWorkJson,
} from "../contract/network.ts";
import { encodeFactors, encodeWaiting } from "./block.ts";
import { encodeJobSummary } from "./jobs/job.ts";
import { plain, textOf } from "./plain.ts";

/** @param now Unix milliseconds */
export function encodeStatus(state: State, status: NodeStatus, now: number): Status {
  const { height, joining } = status;
  const { blockIntervalMs } = state.parameters;
  const context = { now, blockIntervalMs, voters: state.seats.length };
  const oldest = status.ownTransactions.toSorted((a, b) => a.since - b.since)[0];
  return {
    version: status.version,
    network: status.network,
    genesisRoot: toHex(status.genesisRoot),
    publicKey: toHex(status.publicKey),
    address: formatAddress(addressOf(status.publicKey)),
    name: status.name,
    height,
    headHash: toHex(status.headHash),
    lowestBlock: status.lowestBlock,
    damagedBlocks: status.damagedBlocks,
    hasDiskRoom: status.hasDiskRoom,
    hasJobRoom: status.hasJobRoom,
    ...(status.abstainsThrough === undefined ? {} : { abstainsThrough: status.abstainsThrough }),
    headTime: status.headTime,
    round: status.round,
    syncing: status.syncing,
    blocksBehind: blocksBehind(status),
    health: healthStatus(status, context),
    notices: noticesOf(status, context),
    ...(joining.snapshot === undefined ? {} : { snapshotSync: encodeSearch(joining.snapshot) }),
    ...(joining.history === undefined ? {} : { historyReplay: joining.history }),
    epoch: epochOf(height, state.parameters),
    seats: state.seats.length,
    totalWeight: totalWeight(state.seats).toString(),
    safety: votingSafety(
      state.seats.map(({ node, weight }) => ({ name: textOf(state.nodes.at(node).name), weight })),
    ),
    nodes: state.nodes.length,
    jobs: state.jobs.length,
    burned: state.meta.burned.toString(),
    emitted: state.meta.emitted.toString(),
    workPot: state.meta.workPot.toString(),
    peers: status.peers.map(({ publicKey, address, latencyMs, score }) => ({
      publicKey: toHex(publicKey),
      address,
      ...(latencyMs === undefined ? {} : { latencyMs }),
      score,
    })),
    bootstrap: status.bootstrap.map(({ address, state, failure }) => ({
      address,
      state,
      ...(failure === undefined ? {} : { reason: failure.reason }),
      ...(failure?.network === undefined ? {} : { genesis: failure.network }),
    })),
    refusedPeers: status.refusedPeers.map(({ remainingMs, ...peer }) => ({
      ...peer,
      remainingSeconds: Math.ceil(remainingMs / 1000),
    })),
    mempool: { transactions: status.mempool.transactions, bytes: status.mempool.bytes },
    ownTransactions: {
      waiting: status.ownTransactions.length,
      ...(oldest === undefined ? {} : { oldest: encodeWaiting(height, oldest) }),
    },
    workers: status.workers.map(({ id, kind, state, task }) => ({
      id,
      kind,
      state,
      ...(task === undefined ? {} : { task }),
    })),
    ...(status.lastWindow === undefined ? {} : { lastWindow: encodeWindowWork(status.lastWindow) }),
    ...(status.slashedAt === undefined ? {} : { slashedAt: status.slashedAt }),
    searchTroubles: status.searchTroubles.map(encodeTrouble),
    uptimeSeconds: status.uptimeSeconds,
    rssBytes: status.rssBytes,
    listen: { p2p: [...status.listen.p2p], torrent: status.listen.torrent },
    parameters: plain(state.parameters) as ParametersJson,
  };
}

function encodeTrouble({ job, ...trouble }: SearchTrouble): SearchTroubleJson {
  const rounded =
    trouble.code === "NO_MANAGER" ? { silentMs: Math.round(trouble.silentMs) } : undefined;
  return { job: toHex(job), ...trouble, ...rounded };
}

function encodeWindowWork({ window, lanes, segments, coreShare }: WindowWork): WindowWorkJson {
  const disturbed = coreShare === undefined ? undefined : disturbance(coreShare);
  return {
    window,
    lanes,
    segments,
    ...(coreShare === undefined ? {} : { coreShare }),
    ...(disturbed === undefined ? {} : { disturbed }),
  };
}

function encodeSearch({
  stage,
  done,
  total,
}: SnapshotProgress): NonNullable<Status["snapshotSync"]> {
  return { stage, done, total };
}

export function encodeAccount(state: State, address: Uint8Array, nextNonce: number): AccountJson {
  const { balance, nonce } = state.account(address);
  return { address: formatAddress(address), balance: balance.toString(), nonce, nextNonce };
}

export function encodeNode(state: State, index: number, node: NodeRecord): NodeJson {
  const address = addressOf(node.publicKey);
  const seat = state.seats.findIndex((holder) => holder.node === index);
  return {
    index,
    publicKey: toHex(node.publicKey),
    address: formatAddress(address),
    name: textOf(node.name),
    endpoint: textOf(node.endpoint),
    bond: node.bond.toString(),
    balance: state.account(address).balance.toString(),
    rating: node.rating.toString(),
    weight: weightOf(node, state.parameters).toString(),
    votingWeight: votingWeight(state, index).toString(),
    drawable: canBeDrawn(state, index),
    punctuality: node.punctuality,
    factors: encodeFactors(factorsOf(node, state.meta.time, state.parameters)),
    probation: node.probation,
    capacity: node.capacity.toString(),
    ratedWindow: node.ratedWindow,
    lastWindow: node.lastWindow,
    ...(seat === -1 ? {} : { seat }),
    onionLeft: node.onionLeft,
    registeredAt: node.registeredAt,
    proposed: node.proposed,
    skipped: node.skipped,
    owed: node.owed.toString(),
    withheld: withheldNow(node, state),
    auditsPassed: node.auditsPassed,
    auditsFailed: node.auditsFailed,
    auditsMissed: node.auditsMissed,
    unbonding: unbondingsOf(state, index)
      .reduce((sum, { amount }) => sum + amount, 0n)
      .toString(),
    ...(node.slashedAt === 0 ? {} : { slashedAt: node.slashedAt }),
  };
}

function encodeChecks({ checks, appeal }: WindowClaim): NonNullable<NodeDetail["claim"]>["checks"] {
  const { lane, segment, members } = appeal;
  const nameOf = (verdict: number) => VERDICTS[verdict - 1] ?? ("none" as const);
  return [
    ...checks.map((check) => ({ ...check, verdict: nameOf(check.verdict), isAppeal: false })),
    ...members.map(({ verifier, verdict }) => {
      return { verifier, lane, segment, verdict: nameOf(verdict), isAppeal: true };
    }),
  ];
}

function unbondingsOf(state: State, index: number): Unbonding[] {
  return state.unbondings.filter(({ node }) => node === index);
}

/** @param recent the newest jobs of the chain, newest first */
export function encodeNodeDetail(
  state: State,
  index: number,
  recent: readonly FoundJob[],
): NodeDetail {
  const claim = state.claims.find((one) => one.node === index);
  const jobs: NodeDetail["jobs"] = [];
  for (const { job } of recent) {
    const role = roleIn(job, index);
    if (role === undefined) continue;
    const summary = encodeJobSummary(job);
    const { kind, id, name, phase, outcome, round, recordedRounds, progress } = summary;
    const ordered = summary.kind === "train" ? { rounds: summary.rounds } : {};
    jobs.push({
      kind,
      id,
      name,
      phase,
      outcome,
      role,
      round,
      recordedRounds,
      progress,
      ...ordered,
    });
  }
  return {
    ...encodeNode(state, index, state.nodes.at(index)),
    unbondings: unbondingsOf(state, index).map(({ amount, freeAtHeight, freeAtTime }) => ({
      amount: amount.toString(),
      freeAtHeight,
      freeAtTime: Number(freeAtTime),
    })),
    ...(claim === undefined
      ? {}
      : {
          claim: {
            window: state.window.number,
            segments: segmentsOf(claim.lanes),
            checks: encodeChecks(claim),
          },
        }),
    jobs,
  };
}

function roleIn(job: Job, node: number): NodeDetail["jobs"][number]["role"] | undefined {
  const manages = job.team.includes(node);
  const trains = job.participants.some((participant) => participant.node === node);
  if (manages) return trains ? "both" : "manager";
  return trains ? "participant" : undefined;
}
