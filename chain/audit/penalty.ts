/** What it costs to deliver a false update, to withhold one, to leave an audit undone, to accuse wrongly. */
import { takeBond } from "../bond/take-bond.ts";
import { addressOf } from "../crypto/address.ts";
import type { State } from "../state/state.ts";
import type { AuditFault } from "../types/job.ts";
import { type NodeRecord, RATING_CAUSES, type RatingChange } from "../types/node.ts";

const MILLION = 1_000_000n;

/** All segments of its updates are replayed: it is new here, or was at fault not long ago. */
export function isWatched(
  { auditsPassed }: Pick<NodeRecord, "auditsPassed">,
  { newcomerAudits }: State["parameters"],
): boolean {
  return auditsPassed < newcomerAudits;
}

/**
 * A false update costs the rating and a part of the bond. A machine may be switched off before its
 * update is audited, so an unserved one costs reliability alone, unless the last fault is not
 * forgotten yet.
 * @param provers nodes whose answers proved it: they share what the finder of a fault is promised
 * @returns the change of rating for the block to tell, if there is one
 */
export function punishFault(
  state: State,
  index: number,
  fault: AuditFault,
  provers: readonly number[],
): RatingChange | undefined {
  const node = state.nodes.at(index);
  const isRepeated = node.auditsFailed > 0 && isWatched(node, state.parameters);
  const marked = { ...node, auditsPassed: 0, auditsFailed: node.auditsFailed + 1 };
  if (fault === "not-served" && !isRepeated) {
    state.nodes.set(index, lessReliable(marked, state.parameters.neglectShare));
    return undefined;
  }
  state.nodes.set(index, { ...marked, capacity: 0n, rating: 0n });
  distribute(state, takeBond(state, index, BigInt(state.parameters.auditSlashShare)), provers);
  return {
    node: index,
    cause: RATING_CAUSES.indexOf("audit"),
    window: 0,
    segments: 0,
    capacity: 0n,
    before: node.rating,
    after: 0n,
  };
}

/** The provers' share in equal parts; the rest burns. */
function distribute(state: State, lost: bigint, provers: readonly number[]): void {
  const reward = (lost * BigInt(state.parameters.evidenceReward)) / MILLION;
  const part = provers.length === 0 ? 0n : reward / BigInt(provers.length);
  for (const prover of provers) {
    state.credit(addressOf(state.nodes.at(prover).publicKey), part);
  }
  const burned = lost - part * BigInt(provers.length);
  state.meta = { ...state.meta, burned: state.meta.burned + burned };
}

/** An auditor that gave no answer in time. */
export function punishSilence(state: State, index: number): void {
  const node = state.nodes.at(index);
  const marked = { ...node, auditsMissed: node.auditsMissed + 1 };
  state.nodes.set(index, lessReliable(marked, state.parameters.neglectShare));
}

/** A participant whose committed update the team could not use. */
export function punishUnusable(state: State, index: number): void {
  state.nodes.set(index, lessReliable(state.nodes.at(index), state.parameters.neglectShare));
}

/** An auditor whose answer the majority of a committee found wrong. */
export function punishFalseWitness(state: State, index: number): void {
  const { auditSlashShare, skipPenalty } = state.parameters;
  const node = state.nodes.at(index);
  const lost = node.bond < skipPenalty ? node.bond : skipPenalty;
  state.nodes.set(index, { ...lessReliable(node, auditSlashShare), bond: node.bond - lost });
  state.meta = { ...state.meta, burned: state.meta.burned + lost };
}

function lessReliable(node: NodeRecord, share: number): NodeRecord {
  const lost = Math.floor((node.reliability * share) / Number(MILLION));
  return { ...node, reliability: node.reliability - lost };
}
