/**
 * The checks of a node's own training before it commits to it: if a worker has failed, or returned the result of
 * another task, there must be no commit rather than a false one.
 */
import { equalBytes } from "../../../chain/crypto/hash.ts";
import { PomlError } from "../../../chain/errors.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { stateHashOf } from "../../../ml/training/checkpoint.ts";
import type { TrainTaskResult } from "../../workers/kinds/train/task.ts";
import type { Digest } from "./stored-state-hash.ts";

class OwnRunError extends PomlError<{
  code: "OWN_RUN_DIFFERS";
  field: "samples" | "segments" | "parameters";
}> {}

/**
 * @param samples in the node's shard
 * @param segments into which a run of them is divided
 * @throws OwnRunError
 */
export async function checkOwnRun(
  result: Pick<TrainTaskResult, "samples" | "parameters" | "optimizerHash" | "checkpoints">,
  { samples, segments }: { readonly samples: number; readonly segments: number },
  digest: Digest,
): Promise<void> {
  if (result.samples !== samples) {
    refuse("samples", `a worker trained ${result.samples} samples of the shard's ${samples}`);
  }
  const told = result.checkpoints.length - 1;
  if (told !== segments) {
    refuse("segments", `a worker sent a run of ${told} segments, the shard's has ${segments}`);
  }
  const parameters = await digest(bytesOfFloats(result.parameters));
  const last = result.checkpoints.at(-1);
  if (last === undefined || !equalBytes(stateHashOf(parameters, result.optimizerHash), last)) {
    refuse("parameters", "a worker's parameters are not the last state of its run");
  }
}

function refuse(field: OwnRunError["facts"]["field"], message: string): never {
  throw new OwnRunError(
    message,
    { code: "OWN_RUN_DIFFERS", field },
    {
      remedy:
        "nothing was committed; the training is repeated; check the worker if this happens twice",
    },
  );
}
