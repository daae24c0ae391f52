/** Why local training stopped. */
import { PomlError } from "../../chain/errors.ts";

export type TrainingFacts = {
  readonly code: "DIVERGED";
  readonly step: number;
  readonly reason: string;
};

export class TrainingError extends PomlError<TrainingFacts> {
  constructor(step: number, reason: string) {
    super(
      `training diverged at step ${step}: ${reason}`,
      { code: "DIVERGED", step, reason },
      {
        action: "local",
        remedy: "lower the learning rate or the momentum of the job, or clip its gradients",
      },
    );
  }
}
