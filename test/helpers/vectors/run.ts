/** docs/training.md, "A run": plans, states and their tree, files. */
import { sha256, taggedHash, toHex } from "../../../chain/crypto/hash.ts";
import { digestsRoot, leafDigest, merkleProof } from "../../../chain/proof/hash-tree.ts";
import { encodeUpdate } from "../../../ml/federation/update-codec.ts";
import { encodeCheckpoint, stateHash } from "../../../ml/training/checkpoint.ts";
import { TrainingPlan } from "../../../ml/training/plan.ts";

const PLANS = [
  { rows: 1, epochs: 1, batchSize: 4 },
  { rows: 10, epochs: 2, batchSize: 3 },
  { rows: 33, epochs: 3, batchSize: 4 },
  { rows: 100, epochs: 2, batchSize: 100 },
];

export function runVectors(): object {
  return {
    about: "Bytes are hex. first: first steps of the segments; batches: row numbers of every step.",
    plans: PLANS.map((plan, index) => planned(plan, sha256(Uint8Array.of(index)))),
    trees: [1, 2, 3, 5, 16, 17].map(tree),
    files: files(),
  };
}

function planned(options: (typeof PLANS)[number], seed: Uint8Array): object {
  const plan = new TrainingPlan({ ...options, seed });
  const each = <T>(count: number, of: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => of(index));
  return {
    ...options,
    seed: toHex(seed),
    steps: plan.steps,
    first: each(plan.segments, (segment) => plan.segmentStart(segment)),
    dropoutSeeds: each(plan.steps, (step) => plan.dropoutSeed(step)),
    batches: each(plan.steps, (step) => [...plan.batch(step)]),
  };
}

function tree(count: number): object {
  const leaves = Array.from({ length: count }, (_, index) => sha256(Uint8Array.of(index)));
  const digests = leaves.map(leafDigest);
  return {
    leaves: leaves.map(toHex),
    digests: digests.map(toHex),
    root: toHex(digestsRoot(digests)),
    lastPath: merkleProof(leaves, count - 1).siblings.map(toHex),
  };
}

function files(): object {
  const parameters = Float32Array.of(1, -0.5, 1e-7);
  const optimizerState = Float32Array.of(0.25, 3, -2);
  const hash = stateHash({ parameters, optimizerState });
  const digests = [taggedHash("poml/test"), hash].map(leafDigest);
  const optimizerHash = sha256(new Uint8Array(optimizerState.buffer));
  const update = { participant: 7, round: 3, samples: 200, parameters, optimizerHash, digests };
  const bytes = encodeUpdate(update);
  return {
    parameters: [...parameters],
    optimizerValues: [...optimizerState],
    state: toHex(encodeCheckpoint({ parameters, optimizerState })),
    stateHash: toHex(hash),
    stateHashWithoutOptimizer: toHex(stateHash({ parameters, optimizerState: new Float32Array() })),
    update: {
      node: 7,
      round: 3,
      samples: 200,
      bytes: toHex(bytes),
      hash: toHex(sha256(bytes)),
    },
  };
}
