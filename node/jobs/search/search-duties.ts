/** What the frame of jobs asks of searching on this node. */
import type { State } from "../../../chain/state/state.ts";
import type { Audit } from "../../../chain/types/audit.ts";
import type { Job, JobRecord, JobSpec, ObjectionReason } from "../../../chain/types/job.ts";
import { searchResult, searchSpec } from "../../../chain/workload/search/search-of.ts";
import { AlgorithmError } from "../../../ml/search/algorithm-error.ts";
import { WorkerError } from "../../workers/worker-error.ts";
import type { RoomNeeds } from "../duty-room.ts";
import type { KindDuties, MergeControl } from "../kind-duties.ts";
import type { Finding, JudgeOptions } from "../replay-finding.ts";
import type { RoundOutcome } from "../round-outcome.ts";
import type { Asked } from "../round-outcomes.ts";
import { algorithmNames } from "./algorithm-names.ts";
import { isFaultOfModule, type OrderChecks } from "./check-order.ts";
import { type JudgeClaimModules, judgeClaim } from "./judge-claim.ts";
import { type MergeClaimsModules, mergeClaims } from "./merge-claims.ts";
import { mergingNeeds, searchNeeds } from "./room-needs.ts";

export interface SearchDutiesModules extends JudgeClaimModules, MergeClaimsModules {
  readonly clock: JudgeClaimModules["clock"] & MergeClaimsModules["clock"];
  readonly checks: Pick<OrderChecks, "look">;
  state(): Pick<State, "algorithms">;
}

export class SearchDuties implements KindDuties {
  readonly hasStates = false;
  readonly #modules: SearchDutiesModules;

  constructor(modules: SearchDutiesModules) {
    this.#modules = modules;
  }

  namesOf(spec: JobSpec): readonly string[] {
    return algorithmNames(searchSpec(spec).algorithm, this.#modules.state());
  }

  workNeeds(): RoomNeeds {
    return searchNeeds();
  }

  mergeNeeds({ participants }: Job): RoomNeeds {
    return mergingNeeds(participants.length);
  }

  look(job: Job, signal: AbortSignal): Promise<string | undefined> {
    return this.#modules.checks.look(job, signal);
  }

  objectionTo(error: unknown): ObjectionReason | undefined {
    const { facts } = error instanceof WorkerError ? error : {};
    const code =
      error instanceof AlgorithmError
        ? error.code
        : facts?.code === "TASK_FAILED"
          ? facts.reason
          : undefined;
    return code !== undefined && isFaultOfModule(code) ? "algorithm" : undefined;
  }

  merge(job: Job, asked: Asked | undefined, control: MergeControl): Promise<RoundOutcome> {
    return mergeClaims(job, asked, control, this.#modules);
  }

  judge(job: Job, audit: Audit, options: JudgeOptions): Promise<Finding> {
    return judgeClaim(job, audit, options, this.#modules);
  }

  factsOf(record: JobRecord): Readonly<Record<string, unknown>> {
    const units = record.contributions.reduce((sum, one) => sum + one.units, 0);
    const { open, finds } = searchResult(record);
    return { units, gaps: open.length, finds: finds.map(({ nonce }) => String(nonce)).join() };
  }
}
