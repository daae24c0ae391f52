/** What orders, jobs and records of all kinds of work have in common; the files beside this one add the rest. */
import { z } from "zod";
import { AUDIT_ANSWERS, AUDIT_STAGES } from "../../../../chain/types/audit.ts";
import { AUDIT_FAULTS, JOB_PHASES, OBJECTIONS } from "../../../../chain/types/job.ts";
import { OUTCOME_STATES } from "../../../jobs/job-outcome.ts";
import { Address, Amount, Bytes, Count, Fraction, Hash, Height, whole } from "../scalar.ts";

/** How a job stands or ended. `phase` is the state of the job on the chain: a failed job is settled, too. */
export const OutcomeJson = z.object({
  state: z.enum(OUTCOME_STATES),
  reason: z.string().describe("what happened, for people"),
  remedy: z.string().optional().describe("what the client can do about it"),
});
export type OutcomeJson = z.infer<typeof OutcomeJson>;

export const SettlementJson = z.object({
  participants: Amount,
  managers: Amount,
  auditors: Amount,
  fee: Amount,
  refund: Amount,
  burned: Amount.describe("what an order that nobody could carry out costs its client"),
  bonus: Amount.describe("for finds, where the kind of work has any"),
});
export type SettlementJson = z.infer<typeof SettlementJson>;

export const MemberJson = z.object({
  node: Count,
  name: z.string(),
  active: z.boolean(),
  credits: Count,
  earned: Amount.describe("micro-POML for managing, as of the recorded rounds"),
});

export const AuditJson = z.object({
  round: Count,
  node: Count.describe("participant whose update it is"),
  look: Count,
  segment: Count.optional().describe("absent: all of them, or not drawn yet"),
  stage: z.enum(AUDIT_STAGES),
  since: Height,
  seats: z.array(
    z.object({
      node: Count,
      name: z.string(),
      committee: z.boolean(),
      answer: z.enum(AUDIT_ANSWERS),
    }),
  ),
});

export const AuditorJson = z.object({
  node: Count,
  name: z.string(),
  segments: Count.describe("replayed for this job"),
  earned: Amount.describe("micro-POML of the auditors' share, as of the paid updates"),
});

export const ObjectionJson = z.object({
  node: Count,
  name: z.string(),
  reason: z.enum(OBJECTIONS),
});

/** Fields of an order, as its client writes it. */
export const ORDER_FIELDS = {
  participants: whole(1, 256).optional().describe("default 4; fewer where rows or nodes are few"),
  quorum: whole(1, 256).optional().describe("default: more than half of participants"),
  teamSize: whole(3, 16)
    .optional()
    .describe("managers, default 3; where the network has fewer nodes, all of them are drawn"),
  phaseSeconds: whole(1, 43_200).optional().describe("deadline of a phase, default 120"),
} as const;

/** Fields of an order, as the chain stores it. */
export const TERM_FIELDS = {
  name: z.string(),
  participants: Count,
  quorum: Count,
  teamSize: Count,
  phaseBlocks: Count,
} as const;

export const PREPARED_FIELDS = {
  specBytes: Bytes.describe("the same as SSZ JobSpec, for the job-open transaction"),
  price: Amount,
  escrow: Amount,
  notes: z.array(z.string()),
} as const;

const BRIEF_FIELDS = {
  id: Hash,
  name: z.string(),
  client: Address,
  phase: z.enum(JOB_PHASES),
  outcome: OutcomeJson,
  round: Count.describe("under way, from 1; after the end, the last recorded one"),
  recordedRounds: Count,
  progress: Fraction.describe(
    "how much of what was ordered is recorded, by the kind's own measure",
  ),
  hasModel: z.boolean().describe("model and certificate can be fetched"),
  openedAt: Height,
  closedAt: Height.optional(),
  escrow: Amount,
  audited: z
    .boolean()
    .describe("others replay a part of every update; false: the work is not verified"),
} as const;

/** Fields of a job in a list. */
export const SUMMARY_FIELDS = { ...BRIEF_FIELDS, participants: Count } as const;

/** Fields of a complete job; each kind has its own `spec` and `participants`. */
export const DETAIL_FIELDS = {
  ...BRIEF_FIELDS,
  phaseSince: Height,
  extensions: Count,
  team: z.array(MemberJson),
  audits: z.array(AuditJson).describe("looks at updates that are not over"),
  auditors: z.array(AuditorJson),
  objections: z.array(ObjectionJson).describe("drawn nodes that do no work on it"),
  settlement: SettlementJson.optional(),
  cancelBurns: Amount.optional().describe(
    "what burns if the client cancels now, beyond the price of the job's place; absent where it cannot",
  ),
} as const;

export const PARTICIPANT_FIELDS = {
  node: Count,
  name: z.string(),
  committed: z.boolean().describe("delivered in the round under way"),
  updateBytes: Count,
  paidRounds: Count,
  verifiedRounds: Count.describe("paid rounds of which others replayed a part, bit by bit"),
  faultRound: Count.optional().describe(
    "round whose update was proven false, after which the node is out of the job, or was not served",
  ),
  fault: z.enum(AUDIT_FAULTS).optional(),
  missed: Count,
} as const;

export const RECORD_FIELDS = {
  job: Hash,
  round: Count,
  manager: Count,
  managerName: z.string().optional(),
  durationMs: Count,
} as const;

export const CONTRIBUTION_FIELDS = {
  node: Count,
  name: z.string().optional(),
  updateHash: Hash,
  updateBytes: Count,
} as const;

/** The position of a record. */
export const PLACE_FIELDS = { height: Height, blockHash: Hash } as const;
