/**
 * What the end of a block does to audits: they are drawn, answered, disputed, and closed. Every stage has a deadline.
 * Draws come first, at exactly their height; the rest is done up to the limit of steps of a block.
 */
import { type Answers, areExplained, PROOF, type Ruling, ruleOn } from "../committee/ruling.ts";
import type { DueWork } from "../job/due-work.ts";
import type { State } from "../state/state.ts";
import {
  ALL_SEGMENTS,
  AUDIT_ANSWERS,
  AUDIT_STAGES,
  type Audit,
  type AuditAnswer,
  type AuditSeat,
  type AuditStage,
  MAX_AUDITORS,
  MAX_RETRIES,
} from "../types/audit.ts";
import type { Job } from "../types/job.ts";
import type { RatingChange } from "../types/node.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { auditDeadline } from "./deadline.ts";
import { drawCommittee, drawFirst, drawReplacement } from "./draw-auditors.ts";
import {
  dropUpdate,
  failFalse,
  failWithheld,
  passAudit,
  voidAudit,
  withAudit,
  withCredits,
} from "./outcome.ts";
import { noteSilence, punishFalseWitness, punishSilence } from "./penalty.ts";
import { segmentsOf } from "./replay-operations.ts";

export function stageOf(audit: Audit): AuditStage {
  const stage = AUDIT_STAGES[audit.stage];
  if (stage === undefined) throw new RangeError(`no audit stage ${audit.stage}`);
  return stage;
}

export function answerOf(seat: AuditSeat): AuditAnswer {
  const answer = AUDIT_ANSWERS[seat.answer];
  if (answer === undefined) throw new RangeError(`no audit answer ${seat.answer}`);
  return answer;
}

/** What the draw for an audit changes in its job, at the height of the draw. */
export function drawAuditors(state: State, job: Job, audit: Audit): Job {
  return stageOf(audit) === "calling" ? call(state, job, audit) : draw(state, job, audit);
}

/**
 * Moves on the audits of one job whose deadline has come, or that were answered.
 * @param work what this block may still do; an audit for which nothing is left waits for the next block
 * @param changes receives the changes of rating for the block
 */
export function tickAudits(state: State, job: Job, work: DueWork, changes: RatingChange[]): Job {
  let next = job;
  for (const audit of job.audits) {
    if (work.isSpent) break;
    if (!isRipe(state, job, audit)) continue;
    // An earlier fault in this block may have removed all audits of the node.
    if (!next.audits.includes(audit)) continue;
    work.spend(1);
    next = advance(state, next, audit, changes);
  }
  return next;
}

/** Whether the audit moves on in this block. */
function isRipe(state: State, job: Job, audit: Audit): boolean {
  const isLate = state.height >= auditDeadline(audit, job, state.parameters);
  switch (stageOf(audit)) {
    // Their height is fixed; neither answers nor deadlines change it.
    case "drawing":
    case "calling":
      return false;
    case "replaying":
      return isLate || audit.seats.slice(-1).some(isHeard);
    case "judging":
      return isLate || committeeOf(audit).every(isHeard);
    case "opening":
      return isLate || isExplained(state, audit);
  }
}

function isHeard(seat: AuditSeat): boolean {
  return answerOf(seat) !== "none";
}

/** Computed for every audit of a job that a block touches, so the result for an unchanged audit is kept. */
const explained = new WeakMap<Audit, boolean>();

function isExplained(state: State, audit: Audit): boolean {
  const known = explained.get(audit) ?? areExplained(answersOf(state, audit));
  explained.set(audit, known);
  return known;
}

function advance(state: State, job: Job, audit: Audit, changes: RatingChange[]): Job {
  const isLate = state.height >= auditDeadline(audit, job, state.parameters);
  switch (stageOf(audit)) {
    case "drawing":
    case "calling":
      return job;
    case "replaying":
      return afterReplay(state, job, audit, isLate);
    case "judging":
      return afterJudging(state, job, audit, isLate, changes);
    case "opening":
      return tally(state, job, audit, changes);
  }
}

function draw(state: State, job: Job, audit: Audit): Job {
  if (audit.seats.length === 0) {
    const looks = drawFirst(state, job, audit);
    return looks.length === 0 ? voidAudit(job, audit) : withAudit(job, audit, ...looks);
  }
  const next = drawReplacement(state, job, audit);
  return next === undefined ? unanswered(state, job, audit) : withAudit(job, audit, next);
}

function afterReplay(state: State, job: Job, audit: Audit, isLate: boolean): Job {
  const seat = audit.seats.at(-1);
  if (seat === undefined) throw new RangeError("an audit without auditor");
  const segments = audit.segment === ALL_SEGMENTS ? segmentsOf(audit, job.spec) : 1;
  switch (answerOf(seat)) {
    case "none": {
      if (!isLate) return job;
      noteSilence(state, seat.node);
      const next = silenced(audit);
      return again(state, withAudit(job, audit, next), next);
    }
    case "match":
      return passAudit(state, withCredits(job, [seat.node], segments), audit);
    case "mismatch":
      return withAudit(job, audit, entering(audit, "calling", state.height));
    case "not-served":
      return again(state, job, audit);
    case "sealed":
    case "silent":
      throw new RangeError("no answer of an auditor");
  }
}

/** Draws another auditor, if this was the first. */
function again(state: State, job: Job, audit: Audit): Job {
  return audit.auditors < MAX_AUDITORS
    ? withAudit(job, audit, entering(audit, "drawing", state.height))
    : unanswered(state, job, audit);
}

/**
 * No auditor is left to draw. If one of them was not served by the participant, a committee judges the update. If all
 * were silent, a segment and other auditors are drawn again.
 */
function unanswered(state: State, job: Job, audit: Audit): Job {
  const isUnserved = audit.seats.some((seat) => answerOf(seat) === "not-served");
  if (isUnserved) return withAudit(job, audit, entering(audit, "calling", state.height));
  return audit.seats.length === 0 ? voidAudit(job, audit) : undecided(state, job, audit, "drawing");
}

function call(state: State, job: Job, audit: Audit): Job {
  const next = drawCommittee(state, job, audit);
  return next === undefined ? undecided(state, job, audit, "calling") : withAudit(job, audit, next);
}

function afterJudging(
  state: State,
  job: Job,
  audit: Audit,
  isLate: boolean,
  changes: RatingChange[],
): Job {
  const answers = committeeOf(audit).map(answerOf);
  if (answers.includes("none") && !isLate) return job;
  const next = entering(silenced(audit), "opening", state.height);
  const after = withAudit(job, audit, next);
  return answers.includes("sealed") ? after : tally(state, after, next, changes);
}

function silenced(audit: Audit): Audit {
  const seats = audit.seats.map((seat) =>
    answerOf(seat) === "none" ? { ...seat, answer: AUDIT_ANSWERS.indexOf("silent") } : seat,
  );
  return { ...audit, seats };
}

/** Those whose answer the ruling refutes are punished; the others earn their credits. */
function tally(state: State, job: Job, audit: Audit, changes: RatingChange[]): Job {
  const ruling = ruleOn(answersOf(state, audit));
  const { verdict, matches, mismatches, agreeing } = ruling;
  const seated = (answer: AuditAnswer): number[] =>
    audit.seats.filter((seat) => answerOf(seat) === answer).map(({ node }) => node);
  const punish = (nodes: readonly number[]): void => {
    changes.push(...distinct(nodes).flatMap((node) => told(punishFalseWitness(state, node))));
  };
  changes.push(...punishUnheard(state, audit, ruling));
  switch (verdict) {
    case "void":
      return undecided(state, job, audit, "calling");
    case "unproven":
      return audit.retries < MAX_RETRIES
        ? undecided(state, job, audit, "calling")
        : dropUpdate(job, audit);
    case "right":
      if (matches.length >= PROOF) punish([...seated("mismatch"), ...mismatches]);
      return passAudit(state, withCredits(job, matches, 1), audit);
    case "mismatch": {
      punish(matches);
      const provers = distinct([...seated("mismatch"), ...agreeing]);
      const failed = failFalse(state, withCredits(job, provers, 1), audit, provers);
      changes.push(...told(failed.change));
      return failed.job;
    }
    case "not-served": {
      const failed = failWithheld(state, withCredits(job, seated("not-served"), 1), audit);
      changes.push(...told(failed.change));
      return failed.job;
    }
  }
}

/**
 * Members that gave no answer, or none that can be read. They are charged only if as many others have replayed the
 * segment as a conviction takes. Fewer others may be friends of a participant or client that serves nobody else.
 */
function punishUnheard(state: State, audit: Audit, ruling: Ruling): RatingChange[] {
  const { matches, mismatches, unread } = ruling;
  const silent = committeeOf(audit).filter((seat) => answerOf(seat) === "silent");
  const nodes = distinct([...silent.map(({ node }) => node), ...unread]);
  for (const node of nodes) noteSilence(state, node);
  if (matches.length + mismatches.length < PROOF) return [];
  return nodes.flatMap((node) => told(punishSilence(state, node)));
}

/**
 * Auditors or a committee reached no result: others are drawn, at most `MAX_RETRIES` times. Then the audit is void.
 * Nobody is punished for this, neither accusers nor the accused.
 */
function undecided(state: State, job: Job, audit: Audit, stage: "drawing" | "calling"): Job {
  if (audit.retries >= MAX_RETRIES) return voidAudit(job, audit);
  const auditors = stage === "drawing" ? 0 : audit.auditors;
  const seats = audit.seats.slice(0, auditors);
  const again = { ...audit, auditors, seats, opened: ZERO_HASH, retries: audit.retries + 1 };
  return withAudit(job, audit, entering(again, stage, state.height));
}

function answersOf({ nodes }: State, audit: Audit): Answers {
  const committee = committeeOf(audit);
  return {
    sealed: committee
      .filter((seat) => answerOf(seat) === "sealed")
      .map(({ node, seal, reached }) => {
        return { node, seal, reached, publicKey: nodes.at(node).publicKey };
      }),
    unserved: committee.filter((seat) => answerOf(seat) === "not-served").length,
    opened: audit.opened,
  };
}

function distinct(nodes: readonly number[]): number[] {
  return [...new Set(nodes)];
}

function told(change: RatingChange | undefined): RatingChange[] {
  return change === undefined ? [] : [change];
}

function committeeOf(audit: Audit): readonly AuditSeat[] {
  return audit.seats.slice(audit.auditors);
}

function entering(audit: Audit, stage: AuditStage, height: number): Audit {
  return { ...audit, stage: AUDIT_STAGES.indexOf(stage), since: height };
}
