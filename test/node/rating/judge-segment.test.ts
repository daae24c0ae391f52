/** Whatever a claimant committed to as a state, a verifier comes to a finding about it. */
import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { PomlError } from "../../../chain/errors.ts";
import { merkleProof, merkleRoot } from "../../../chain/proof/hash-tree.ts";
import { NO_APPEAL } from "../../../chain/rating/appeal.ts";
import type { WindowClaim } from "../../../chain/types/window.ts";
import { replaySegment } from "../../../ml/baseline/replay.ts";
import { baselineModel } from "../../../ml/baseline/task.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { encodeCheckpoint } from "../../../ml/training/checkpoint.ts";
import { systemClock } from "../../../node/clock.ts";
import { type Found, judgeSegment } from "../../../node/rating/judge-segment.ts";
import { Patience } from "../../../node/rating/patience.ts";
import { encodeTable } from "../../../node/workers/blob.ts";
import { replayAssignment } from "../../../node/workers/kinds/replay/assignment.ts";
import type { ReplayTask } from "../../../node/workers/kinds/replay/task.ts";
import { WorkerError } from "../../../node/workers/worker-error.ts";
import { TestChain } from "../../helpers/chain.ts";

const SEGMENTS = 12;
const COUNT = baselineModel(1).parameterCount;

function state(parameters: Float32Array, optimizerValues = 0): Uint8Array {
  return encodeCheckpoint({ parameters, optimizerState: new Float32Array(optimizerValues) });
}

const STATES: Readonly<Record<string, Uint8Array>> = {
  "no bytes": new Uint8Array(0),
  "a few bytes": Uint8Array.of(1, 2, 3),
  "too few parameters": state(new Float32Array(COUNT - 1)),
  "a value that is not finite": state(new Float32Array(COUNT).fill(Number.NaN)),
  "an optimizer value": state(new Float32Array(COUNT), 1),
  "optimizer values for every parameter": state(new Float32Array(COUNT), COUNT),
};

/** As the link to a worker and the worker itself do it. */
async function replay(task: ReplayTask): Promise<Uint8Array> {
  encodeTable(replayAssignment(task).inputs.flatMap(({ blobs }) => blobs));
  try {
    return (await replaySegment(task, { engine: await createExactEngine() })).end;
  } catch (error) {
    const reason = error instanceof PomlError ? error.code : "INTERNAL";
    const facts = { code: "TASK_FAILED", kind: "replay", worker: "0", reason } as const;
    throw new WorkerError("replay failed", facts);
  }
}

/** Of a claim all of whose states are the given one. */
async function found(startState: Uint8Array, segment: number): Promise<Found> {
  const chain = new TestChain({ founders: 2 });
  const hashes = Array.from({ length: SEGMENTS + 1 }, () => sha256(startState));
  const claim: WindowClaim = {
    node: 0,
    lanes: [{ segments: SEGMENTS, checkpointRoot: merkleRoot(hashes) }],
    energyMillijoules: 0n,
    energySource: 0,
    claimed: 0n,
    checks: [],
    appeal: NO_APPEAL,
  };
  const { state } = chain.head;
  return judgeSegment(claim, { lane: 0, segment }, new Patience(state.parameters, systemClock), {
    clock: systemClock,
    chain: { state },
    peerOf: () => "claimant",
    workers: { replay },
    segments: {
      ask: async () => ({
        startState,
        startPath: [...merkleProof(hashes, segment).siblings],
        endPath: [...merkleProof(hashes, segment + 1).siblings],
      }),
    },
  });
}

describe("judgeSegment", () => {
  for (const [name, startState] of Object.entries(STATES)) {
    it(`finds that a claim of ${name} does not match`, async () => {
      for (const segment of [0, 1, 10]) {
        expect((await found(startState, segment)).verdict).to.equal("mismatch");
      }
    });
  }
});
