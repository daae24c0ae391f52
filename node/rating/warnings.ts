/**
 * What is held against a node before it costs anything: findings on its claims and updates that wait for a committee,
 * and how close it is to closer checks for withholding.
 */
import { answerOf } from "../../chain/audit/tick.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { MISMATCH, NOT_SERVED } from "../../chain/rating/verdict.ts";
import { WITHHOLDING_LIMIT, withheldNow } from "../../chain/rating/withholding.ts";
import type { State } from "../../chain/state/state.ts";

/** Plain sentences that stay the same as long as nothing changes. */
export function warningsOf(state: State, index: number): string[] {
  return [...ofClaim(state, index), ...ofUpdates(state, index), ...ofWithholding(state, index)];
}

function ofClaim({ claims, window }: State, index: number): string[] {
  const checks = claims.find(({ node }) => node === index)?.checks ?? [];
  const count = (wanted: number): number =>
    checks.filter(({ verdict }) => verdict === wanted).length;
  const [unserved, refuted] = [count(NOT_SERVED), count(MISMATCH)];
  const about = `window ${window.number}: ${checks.length} segments were drawn`;
  return [
    ...(unserved === 0
      ? []
      : [
          `${about}, and ${unserved} were not served to the node that was to replay them; a committee asks next, so this node must be reachable`,
        ]),
    ...(refuted === 0
      ? []
      : [
          `${about}, and for ${refuted} a verifier reached another state; a committee replays one of them next`,
        ]),
  ];
}

function ofUpdates({ jobs }: State, index: number): string[] {
  const warnings: string[] = [];
  for (const [, job] of jobs.of(index)) {
    for (const audit of job.audits) {
      if (audit.node !== index) continue;
      const answers = audit.seats.map(answerOf);
      const about = `job ${toHex(job.id).slice(0, 8)}, update of round ${audit.round}`;
      if (answers.includes("not-served")) {
        warnings.push(
          `${about}: an auditor was not served; others ask next, so this node must be reachable`,
        );
      }
      if (answers.includes("mismatch")) {
        warnings.push(`${about}: an auditor reached another state; a committee replays it next`);
      }
    }
  }
  return warnings;
}

function ofWithholding(state: State, index: number): string[] {
  const count = withheldNow(state.nodes.at(index), state);
  if (count === 0) return [];
  return [
    `others were not served work that it had claimed, ${count} of ${WITHHOLDING_LIMIT} times within half-lives; ` +
      `at ${WITHHOLDING_LIMIT} four times as much of its next claims is replayed; it loses neither capacity nor bond`,
  ];
}
