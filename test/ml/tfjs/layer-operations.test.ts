import { expect } from "chai";
import { operationsOf } from "../../../ml/model/operations.ts";
import { describeWithTfjs } from "../../../ml/tfjs/describe.ts";

const REFUSAL = { layer: "x", className: "X", reason: "is not exact" } as never;

interface Layer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A sequential model; the first layer says the shape of a row. */
function sequential(shape: readonly number[], ...layers: readonly Layer[]): object {
  const named = layers.map(({ class_name, config }, i) => ({
    class_name,
    config: { name: `l${i}`, ...(i === 0 && { batch_input_shape: [null, ...shape] }), ...config },
  }));
  return { modelTopology: { class_name: "Sequential", config: { name: "m", layers: named } } };
}

const layer = (class_name: string, config: Layer["config"] = {}): Layer => ({ class_name, config });
const FLATTEN = layer("Flatten");
const dense = (units: number): Layer => layer("Dense", { units });

describe("what layers of tfjs cost", () => {
  /** Operations of the products and windows of one sample, and of all. */
  async function costOf(json: object): Promise<{ flops: number; all: number; values: number }> {
    const model = await describeWithTfjs(json, REFUSAL);
    const { flopsPerSample: flops, activationsPerSample: values } = model;
    return { flops, all: operationsOf(model), values };
  }

  it("counts every value that a layer makes, also without weights", async () => {
    const { all, flops, values } = await costOf(
      sequential([8, 8, 2], layer("UpSampling2D", { size: [4, 4] }), FLATTEN, dense(2)),
    );
    expect(values).to.equal(2 * 32 * 32 * 2 + 2);
    expect(flops).to.equal(6 * 2048 * 2);
    expect(all).to.equal(flops + 8 * (8 * 8 * 2 + values));
  });

  it("counts the values under the windows of pooling", async () => {
    const pooling = (side: number): object => {
      const config = { pool_size: [side, side], strides: [1, 1], padding: "same" };
      return sequential([32, 32, 1], layer("MaxPooling2D", config), FLATTEN, dense(2));
    };
    const [small, large] = [await costOf(pooling(2)), await costOf(pooling(20))];
    expect(large.flops - small.flops).to.equal(3 * 32 * 32 * (400 - 4));
  });

  it("counts the steps of recurrent layers, and the positions of convolutions", async () => {
    const lstm = await costOf(sequential([9, 3], layer("LSTM", { units: 4 })));
    expect(lstm.flops).to.equal(6 * 9 * (3 * 16 + 4 * 16));
    const filters = layer("Conv2D", { filters: 2, kernel_size: [3, 3], padding: "same" });
    const { flops } = await costOf(sequential([6, 6, 1], filters, FLATTEN));
    expect(flops).to.equal(6 * 36 * 9 * 2);
    const back = { filters: 2, kernel_size: [3, 3], strides: [2, 2], padding: "same" };
    const larger = await costOf(sequential([6, 6, 1], layer("Conv2DTranspose", back), FLATTEN));
    expect(larger.flops).to.equal(6 * 36 * 9 * 2);
  });

  it("counts no product for rows that an embedding looks up", async () => {
    const words = layer("Embedding", { input_dim: 1000, output_dim: 8, input_length: 5 });
    const { flops, values } = await costOf(sequential([5], words, FLATTEN, dense(2)));
    expect(flops).to.equal(6 * 40 * 2);
    expect(values).to.equal(40 + 40 + 2);
  });

  it("counts what a wrapper applies at each of its steps", async () => {
    const inner = (class_name: string, config: object): Layer =>
      layer("TimeDistributed", { layer: { class_name, config: { name: "inner", ...config } } });
    const lstm = await costOf(sequential([7, 9, 3], inner("LSTM", { units: 4 })));
    expect(lstm.flops).to.equal(7 * 6 * 9 * (3 * 16 + 4 * 16));
    const each = await costOf(sequential([7, 3], inner("Dense", { units: 4 })));
    expect(each.flops).to.equal(7 * 6 * 12);
    const pool = inner("AveragePooling1D", { pool_size: [3], strides: [1], padding: "same" });
    const pooled = await costOf(sequential([7, 9, 2], pool, FLATTEN));
    expect(pooled.flops).to.equal(7 * 3 * 9 * 2 * 3);
    const wrapped = { class_name: "LSTM", config: { name: "inner", units: 4 } };
    const both = await costOf(sequential([9, 3], layer("Bidirectional", { layer: wrapped })));
    expect(both.flops).to.equal(2 * 6 * 9 * (3 * 16 + 4 * 16));
  });

  it("counts a product of two inputs", async () => {
    const node = (...names: string[]) => [names.map((name) => [name, 0, 0, {}])];
    const functional = {
      class_name: "Functional",
      config: {
        name: "m",
        layers: [
          {
            class_name: "InputLayer",
            name: "rows",
            config: { name: "rows", batch_input_shape: [null, 6, 6], dtype: "float32" },
            inbound_nodes: [],
          },
          {
            class_name: "Dot",
            name: "dot",
            config: { name: "dot", axes: [2, 1] },
            inbound_nodes: node("rows", "rows"),
          },
          {
            class_name: "Flatten",
            name: "flat",
            config: { name: "flat" },
            inbound_nodes: node("dot"),
          },
        ],
        input_layers: [["rows", 0, 0]],
        output_layers: [["flat", 0, 0]],
      },
    };
    const { flops } = await costOf({ modelTopology: functional });
    expect(flops).to.equal(6 * 36 * 6);
  });
});
