/** Checks that more than half of a job's team signed what one of its managers posts. */

import { findJob } from "../job/find-job.ts";
import type { State } from "../state/state.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import type { Job } from "../types/job.ts";
import type { InnerSignature } from "./rule.ts";

interface Cosignature {
  /** Position in the job's team. */
  readonly member: number;
  readonly signature: Uint8Array;
}

/** The signatures over a root, for the known members of the team. */
export function innerSignaturesOf(
  state: State,
  id: Uint8Array,
  domain: "record" | "refusal",
  root: Uint8Array,
  cosignatures: readonly Cosignature[],
): InnerSignature[] {
  const { job } = findJob(state, id);
  return cosignatures.map(({ member, signature }) => {
    const node = job.team[member];
    if (node === undefined) refuseField("cosignatures", `the team has no member ${member}`);
    return { publicKey: state.nodes.at(node).publicKey, domain, root, signature };
  });
}

/** @throws TransactionError NOT_ASSIGNED when the sender is not the manager, or no member of the team */
export function requireManager(
  state: State,
  job: Job,
  sender: Uint8Array,
  named: number,
  duty: "job-round" | "job-refuse",
): void {
  const manager = state.nodeIndex(sender);
  const isMember = manager !== undefined && manager === named && job.team.includes(manager);
  if (isMember && !isPutOut(state, job, manager)) return;
  refuse("only a manager of the job's team posts this", { code: "NOT_ASSIGNED", duty });
}

/**
 * A member that broke the rules of its team, or was punished for another proven fault, which nobody can be twice: so
 * nothing else keeps it from breaking them.
 */
function isPutOut({ nodes }: Pick<State, "nodes">, job: Job, node: number): boolean {
  return job.expelled.includes(node) || nodes.at(node).slashedAt !== 0;
}

/**
 * More than half of the team as it was drawn; those that are put out do not count as signers.
 * @returns the team positions that signed
 */
export function requireMajority(
  state: Pick<State, "nodes">,
  job: Job,
  cosignatures: readonly Cosignature[],
): number[] {
  const members = cosignatures.map(({ member }) => member);
  const ordered = members.every((member, i) => i === 0 || member > (members[i - 1] ?? 0));
  if (!ordered) refuseField("cosignatures", "must be in team order, each member once");
  if (members.some((member) => member >= job.team.length)) {
    refuseField("cosignatures", "names a member the team does not have");
  }
  const out = job.team.findIndex((node, at) => members.includes(at) && isPutOut(state, job, node));
  if (out >= 0) refuseField("cosignatures", `member ${out} was put out of the team`);
  if (2 * members.length <= job.team.length) {
    refuseField("cosignatures", `${members.length} of ${job.team.length} is no majority`);
  }
  return members;
}
