import { expect } from "chai";
import { buildDataset } from "../../../../ml/dataset/build.ts";
import { importCsv } from "../../../../ml/dataset/import-csv.ts";
import type { Manifest } from "../../../../ml/dataset/manifest.ts";
import { parseLayersModel } from "../../../../ml/model/layers-model.ts";
import { checkEmbeddings } from "../../../../node/jobs/train/embedding-inputs.ts";
import { expectCode } from "../../../helpers/expect-code.ts";
import { layer, sequential } from "../../../helpers/models.ts";

/** Numbers 0 to 6 and 0 to 8, the label by their sum. */
const TOKENS = [
  "t1,t2,label",
  ...Array.from({ length: 70 }, (_, i) => `${i % 7},${i % 9},${(i % 7) + (i % 9) > 7 ? "a" : "b"}`),
].join("\n");

function manifestOf(csv: string): Manifest {
  return buildDataset(importCsv(csv, { name: "tokens", label: "label" }).dataset).manifest;
}

/** The table as it is when whole numbers are kept. */
function kept(manifest: Manifest, changes: object = {}): Manifest {
  const columns = manifest.columns.map((column) =>
    column.kind === "numeric" ? { ...column, mean: 0, deviation: 1, ...changes } : column,
  );
  return { ...manifest, columns };
}

const model = (vocabulary: number, ...before: ReturnType<typeof layer>[]) =>
  parseLayersModel(
    sequential(
      ...before,
      layer("Embedding", "emb", {
        batch_input_shape: [null, 2],
        input_dim: vocabulary,
        output_dim: 4,
      }),
      layer("Flatten", "flat"),
      layer("Dense", "out", { units: 2, activation: "softmax" }),
    ),
  );

describe("an embedding's inputs", () => {
  const manifest = manifestOf(TOKENS);

  it("are refused where the import made fractions of them, with the way to keep them", () => {
    const { message, facts, remedy } = expectCode(
      () => checkEmbeddings(model(10), manifest),
      "EMBEDDING_INPUT",
    );
    expect(message).to.contain('layer "emb"').and.contain('column "t1" is standardised');
    expect(facts).to.include({ layer: "emb" });
    expect(remedy).to.contain("--keep-integers");
  });

  it("are taken as whole numbers within the table, and refused above or below it", () => {
    checkEmbeddings(model(10), kept(manifest));
    checkEmbeddings(model(9), kept(manifest));
    const above = expectCode(() => checkEmbeddings(model(8), kept(manifest)), "EMBEDDING_INPUT");
    expect(above.message).to.contain('column "t2" holds numbers from 0 to 8');
    expect(above.remedy).to.contain("at least 9");
    const below = () => checkEmbeddings(model(10), kept(manifest, { min: -1 }));
    expect(expectCode(below, "EMBEDDING_INPUT").message).to.contain("from -1");
    const halves = () => checkEmbeddings(model(10), kept(manifest, { integer: false }));
    expect(expectCode(halves, "EMBEDDING_INPUT").message).to.contain("not whole");
  });

  it("are refused for pixels that a scale makes fractions of", () => {
    const bytes = { ...manifest, columns: [], dtype: "uint8" as const, scale: 1 / 255 };
    const scaled = expectCode(() => checkEmbeddings(model(256), bytes), "EMBEDDING_INPUT");
    expect(scaled.message).to.contain("bytes times");
    checkEmbeddings(model(256), { ...bytes, scale: 1 });
    expectCode(() => checkEmbeddings(model(200), { ...bytes, scale: 1 }), "EMBEDDING_INPUT");
  });

  it("concern no model without an embedding", () => {
    const plain = parseLayersModel(
      sequential(
        layer("Dense", "out", { batch_input_shape: [null, 2], units: 2, activation: "softmax" }),
      ),
    );
    checkEmbeddings(plain, manifest);
  });
});
