/** A job up to its first record, and what its auditors and committees then say. */
import { stageOf } from "../../chain/audit/tick.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Audit, AuditAnswer, AuditStage } from "../../chain/types/audit.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import type { Job, Participant } from "../../chain/types/job.ts";
import type { NodeRecord, RatingChange } from "../../chain/types/node.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { TestChain } from "./chain.ts";
import type { TrainOrder } from "./job-run.ts";
import { auditAnswers, jobOf, jobSpec, nextStep, openJob } from "./job-run.ts";

type Answer = AuditAnswer | undefined;

export interface StoryOptions {
  readonly nodes?: number;
  readonly spec?: Partial<TrainOrder>;
  readonly parameters?: Partial<Parameters>;
}

/** Nobody is a newcomer and nobody looks twice, unless a test asks for it. */
const PLAIN = { newcomerAudits: 0, secondLook: 0 };

export class AuditStory {
  readonly chain: TestChain;
  readonly changes: RatingChange[] = [];
  readonly #open: SignedTransaction;

  constructor({ nodes = 8, spec, parameters }: StoryOptions = {}) {
    this.chain = new TestChain({ founders: nodes, parameters: { ...PLAIN, ...parameters } });
    const wanted = { rounds: 2, participants: 3, quorum: 2, phaseBlocks: 6, ...spec };
    this.#open = openJob(this.chain, this.chain.client, jobSpec("job", wanted));
    this.chain.advance(this.#open);
    this.chain.advance();
  }

  get job(): Job {
    return jobOf(this.chain, this.#open);
  }

  /** Commits and record of the round under way. */
  round(): void {
    const { round } = this.job;
    while (this.job.round === round && phaseOf(this.job) !== "finished") {
      this.advance(...nextStep(this.chain, this.job));
    }
  }

  advance(...transactions: SignedTransaction[]): void {
    this.changes.push(...this.chain.advance(...transactions).body.ratingChanges);
  }

  /** The looks at the update of the participant in this position. */
  looks(position = 0): Audit[] {
    const { node } = this.participant(position);
    return this.job.audits.filter((audit) => audit.node === node);
  }

  audit(position = 0): Audit {
    const [first] = this.looks(position);
    if (first === undefined) throw new Error(`no audit of participant ${position}`);
    return first;
  }

  participant(position = 0): Participant {
    const found = this.job.participants[position];
    if (found === undefined) throw new Error(`no participant ${position}`);
    return found;
  }

  record(node: number): NodeRecord {
    return this.chain.head.state.nodes.at(node);
  }

  /**
   * One block in which all who are asked answer.
   * @param answer about the participant in `position`: of all, or of each by its place in the
   * committee, -1 for an auditor; undefined = silence. Other updates are found right.
   */
  answer(answer: Answer | ((place: number) => Answer), position = 0): void {
    const suspect = this.participant(position).node;
    const transactions = auditAnswers(this.chain, this.job, (audit, node) => {
      if (audit.node !== suspect) return "match";
      if (typeof answer !== "function") return answer;
      const place = audit.seats.findIndex((seat) => seat.node === node) - audit.auditors;
      return answer(Math.max(-1, place));
    });
    this.advance(...transactions);
  }

  /** Empty blocks until the audit is in this stage. */
  until(stage: AuditStage, position = 0): void {
    const limit = this.chain.height + 60;
    while (stageOf(this.audit(position)) !== stage) {
      if (this.chain.height > limit) throw new Error(`never ${stage}`);
      this.advance();
    }
  }
}
