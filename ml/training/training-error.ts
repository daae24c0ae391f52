/** Why local training stopped. */
import { PomlError } from "../../chain/errors.ts";

export type TrainingFacts = {
  readonly code: "DIVERGED";
  readonly step: number;
  readonly loss: number;
};

export class TrainingError extends PomlError<TrainingFacts> {
  constructor(step: number, loss: number) {
    super(
      `training diverged: the loss of step ${step} is ${loss}`,
      { code: "DIVERGED", step, loss },
      {
        action: "local",
        remedy: "lower the learning rate or the momentum of the job, or clip its gradients",
      },
    );
  }
}
