/** The kernels against the plain second implementation of docs/exact-engine.md, bit by bit. */
import { expect } from "chai";
import fc from "fast-check";
import type { Engine } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { DEFAULT_LOSS, type Hyperparameters, type Loss } from "../../../ml/hyperparameters.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { type LayersModel, parseLayersModel } from "../../../ml/model/layers-model.ts";
import { COUNTS, EXACT_CASES, stepOf } from "../../helpers/exact-cases.ts";
import { ExactReferee } from "../../helpers/exact-referee/referee.ts";
import { batchOf, graph, type LayerJson, layer, seedOf } from "../../helpers/models.ts";

const bitsOf = (values: Float32Array): Int32Array => new Int32Array(values.buffer);

const WIDTH = 6;

/** Layers over vectors of one width, so that any may follow any. */
const LAYERS: readonly ((name: string) => LayerJson)[] = [
  (name) => layer("Dense", name, { units: WIDTH }),
  (name) => layer("Dense", name, { units: WIDTH, activation: "relu" }),
  (name) => layer("Dense", name, { units: WIDTH, activation: "tanh" }),
  (name) => layer("ReLU", name),
  (name) => layer("LeakyReLU", name),
  (name) => layer("Activation", name, { activation: "sigmoid" }),
  (name) => layer("Activation", name, { activation: "gelu" }),
  (name) => layer("Softmax", name),
  (name) => layer("Dropout", name, { rate: 0.3 }),
  (name) => layer("BatchNormalization", name),
  (name) => layer("LayerNormalization", name),
  (name) => layer("Add", name),
];

type Choice = readonly [number, number, number];
type Node = [LayerJson, ...string[]];

const choices = fc.array(
  fc.tuple(fc.nat({ max: LAYERS.length - 1 }), fc.constantFrom(0, 0, 0, 1, 2), fc.nat({ max: 3 })),
  { minLength: 1, maxLength: 9 },
);

/** Each choice is a layer and which of the outputs so far it takes. @param start input first */
function nodesOf(chosen: readonly Choice[], ...start: Node[]): Node[] {
  const nodes = [...start];
  for (const [kind, first, second] of chosen) {
    const json = LAYERS[kind]?.(`n${nodes.length}`) ?? layer("ReLU", `n${nodes.length}`);
    // Mostly the output before, now and then one further back.
    const back = (by: number): string => `n${Math.max(0, nodes.length - 1 - by)}`;
    nodes.push(json.class_name === "Add" ? [json, back(first), back(second)] : [json, back(first)]);
  }
  return leadingTo(nodes);
}

/** Without what the last one does not need: a model with such layers is refused. */
function leadingTo(nodes: readonly Node[]): Node[] {
  const needed = new Set([`n${nodes.length - 1}`]);
  return nodes
    .toReversed()
    .filter((node, back) => {
      if (!needed.has(`n${nodes.length - 1 - back}`)) return false;
      for (const input of node.slice(1)) needed.add(input as string);
      return true;
    })
    .reverse();
}

const INPUT: Node = [layer("InputLayer", "n0", { batch_input_shape: [null, WIDTH] })];

function classifierOf(chosen: readonly Choice[]): LayersModel {
  const nodes = nodesOf(chosen, INPUT);
  const output = layer("Dense", "output", { units: 3, activation: "softmax" });
  return parseLayersModel(graph(...nodes, [output, `n${chosen.length}`]));
}

/** Ends in whatever was chosen last. */
function openEndedOf(chosen: readonly Choice[]): LayersModel {
  const weights: Node = [layer("Dense", "n1", { units: WIDTH }), "n0"];
  return parseLayersModel(graph(...nodesOf(chosen, INPUT, weights)));
}

describe("exact engine against its referee", () => {
  let engine: Engine;
  before(async () => {
    engine = await createExactEngine();
  });

  for (const exactCase of EXACT_CASES) {
    it(`gives the same bits: ${exactCase.name}`, async () => {
      const model = exactCase.modelOf();
      const start = initialParameters(model, seedOf(3));
      const trainer = await engine.open(model, exactCase.hyperparameters);
      trainer.load(start);
      const referee = new ExactReferee(model, start, exactCase.hyperparameters);
      COUNTS.forEach((count, step) => {
        const loss = stepOf(trainer, exactCase, model, count, step);
        expect(loss).to.equal(stepOf(referee, exactCase, model, count, step));
      });
      expect(bitsOf(trainer.parameters())).to.deep.equal(bitsOf(referee.parameters));
      expect(bitsOf(trainer.optimizerState())).to.deep.equal(bitsOf(referee.state));
      expect(bitsOf(trainer.parameters())).not.to.deep.equal(bitsOf(start));
    });
  }

  it("gives the same bits for any graph of layers, however they share memory", async () => {
    await fc.assert(
      fc.asyncProperty(choices, (chosen) => expectSameBits(classifierOf(chosen))),
      { numRuns: 150 },
    );
  });

  it("gives the same bits for values compared after any last layer", async () => {
    const loss = fc.constantFrom<Loss>("meanSquaredError", "meanAbsoluteError", "huber");
    await fc.assert(
      fc.asyncProperty(choices, loss, (chosen, loss) => expectSameBits(openEndedOf(chosen), loss)),
      { numRuns: 150 },
    );
  });

  async function expectSameBits(model: LayersModel, loss: Loss = DEFAULT_LOSS): Promise<void> {
    const options: Hyperparameters = {
      optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
      batchSize: 4,
      loss,
    };
    const start = initialParameters(model, seedOf(3));
    const trainer = await engine.open(model, options);
    trainer.load(start);
    const referee = new ExactReferee(model, start, options);
    for (const count of [4, 3]) {
      const { inputs, labels } = batchOf(model, 4, count);
      const expected = referee.step(inputs, labels, count, count);
      expect(trainer.step(inputs, labels, count, count)).to.equal(expected);
    }
    expect(bitsOf(trainer.parameters())).to.deep.equal(bitsOf(referee.parameters));
    expect(bitsOf(trainer.optimizerState())).to.deep.equal(bitsOf(referee.state));
  }
});
