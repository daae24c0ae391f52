/**
 * The golden self-test: a few steps of tiny models that use every kernel must end in known bits. A machine that fails
 * it must not take audited work, because its results would look like fraud.
 */
import type { Engine } from "../engine.ts";
import { EngineError } from "../engine-error.ts";
import { initialParameters } from "../model/initial-parameters.ts";
import { Random, SEED_BYTES } from "../random.ts";
import { type GoldenRun, goldenRuns } from "./golden-models.ts";
import { sha256Hex } from "./sha256.ts";

const STEPS = 3;

/** SHA-256 of loss, parameters and momentum after the steps; part of the engine's definition. */
const GOLDEN_HASH = "9c44f4005520171d04647c4cb0b6a77eda58bc8f3cb077a71fdf93e523009b6d";

/** @throws EngineError GOLDEN_MISMATCH */
export async function selfTest(engine: Engine): Promise<void> {
  const actual = await goldenHash(engine);
  if (actual === GOLDEN_HASH) return;
  throw new EngineError(
    "this machine computes other bits than the rest of the network",
    { code: "GOLDEN_MISMATCH", expected: GOLDEN_HASH, actual },
    { remedy: "update Node or the browser; if the error remains, report the CPU model" },
  );
}

/** What this machine computes, as hex. */
async function goldenHash(engine: Engine): Promise<string> {
  const states: number[] = [];
  for (const run of goldenRuns()) states.push(...(await stateAfter(engine, run)));
  return sha256Hex(new Uint8Array(Float32Array.from(states).buffer));
}

/** Losses, an evaluation, parameters and optimizer state. */
async function stateAfter(
  engine: Engine,
  { model, hyperparameters, vocabulary = 0 }: GoldenRun,
): Promise<readonly number[]> {
  const { batchSize } = hyperparameters;
  const trainer = await engine.open(model, hyperparameters);
  const random = new Random(new Uint8Array(SEED_BYTES).fill(7));
  const inputs = new Float32Array(batchSize * model.inputSize);
  const labels = new Int32Array(batchSize);
  trainer.load(initialParameters(model, new Uint8Array(SEED_BYTES).fill(1)));
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    inputs.forEach((_, index) => {
      inputs[index] = vocabulary > 0 ? random.below(vocabulary) : random.uniform() - 0.25;
    });
    labels.forEach((_, index) => {
      labels[index] = random.below(model.classes);
    });
    // The last step is an incomplete batch.
    losses.push(trainer.step(inputs, labels, batchSize - Math.floor(step / 2), step));
  }
  const { lossSum, confusion } = trainer.evaluate(inputs, labels, batchSize);
  const state = [...losses, lossSum, ...confusion, ...trainer.parameters()];
  state.push(...trainer.optimizerState());
  trainer.dispose();
  return state;
}
