/**
 * An embedding looks up rows of its table by whole numbers. Other values, or values outside the table, would silently
 * select some row; so a dataset with such values is refused for such a model.
 */
import { type Manifest, rowSize } from "../../../ml/dataset/manifest.ts";
import type { LayersModel } from "../../../ml/model/layers-model.ts";
import { readTopology, type TopologyLayer } from "../../../ml/model/topology.ts";
import { JobError } from "../job-error.ts";

/** Layers that pass on the model's input unchanged. */
const PASSES_ON: ReadonlySet<string> = new Set(["InputLayer", "Flatten", "Reshape", "Permute"]);
const LARGEST_BYTE = 255;

/** @throws JobError EMBEDDING_INPUT naming layer and column */
export function checkEmbeddings(model: LayersModel, manifest: Manifest): void {
  const { layers } = readTopology(model.json);
  for (const layer of layers.filter(({ className }) => className === "Embedding")) {
    const vocabulary = Number(layer.config.input_dim);
    if (!readsInput(layer, layers)) {
      refuse(layer, "its input", "is what another layer computes", "let it read the model's input");
    }
    for (const values of valuesOf(manifest)) checkRange(layer, vocabulary, values);
  }
}

function readsInput(layer: TopologyLayer, layers: readonly TopologyLayer[]): boolean {
  return layer.inputs.every((name) => {
    const source = layers.find((other) => other.name === name);
    return source !== undefined && PASSES_ON.has(source.className) && readsInput(source, layers);
  });
}

/** The values that the features of one column, or of a whole image, can have. */
interface Values {
  readonly what: string;
  readonly isWhole: boolean;
  /** Why the values are not suitable. */
  readonly reason: string;
  readonly min: number;
  readonly max: number;
}

function valuesOf({ columns, dtype, scale, ...manifest }: Manifest): Values[] {
  if (columns.length === 0) {
    const isWhole = dtype === "uint8" && scale === 1;
    const reason = dtype === "uint8" ? `are bytes times ${scale}` : "are numbers of any kind";
    return [
      {
        what: `the ${rowSize(manifest)} values of a row`,
        isWhole,
        reason,
        min: 0,
        max: LARGEST_BYTE,
      },
    ];
  }
  return columns.map((column): Values => {
    const what = `column ${JSON.stringify(column.name.slice(0, 64))}`;
    if (column.kind === "category") return { what, isWhole: true, reason: "", min: 0, max: 1 };
    const { integer, mean, deviation, min, max } = column;
    const isKept = mean === 0 && deviation === 1;
    const reason = isKept
      ? "holds numbers that are not whole"
      : `is standardised: its values become (value - ${mean}) / ${deviation}`;
    return { what, isWhole: integer && isKept, reason, min, max };
  });
}

const KEEP =
  "import the table again so that whole numbers stay as they are (`npx poml dataset import csv --keep-integers`, keepIntegers=yes of POST /v1/datasets), or leave the embedding out";

function checkRange(layer: TopologyLayer, vocabulary: number, values: Values): void {
  const { what, isWhole, reason, min, max } = values;
  if (!isWhole) refuse(layer, what, reason, KEEP);
  if (min >= 0 && max < vocabulary) return;
  const remedy =
    min < 0
      ? "number what the column names from 0 on"
      : `set input_dim of layer "${layer.name}" to at least ${max + 1}`;
  refuse(layer, what, `holds numbers from ${min} to ${max}`, remedy);
}

function refuse(
  { name, config }: TopologyLayer,
  what: string,
  reason: string,
  remedy: string,
): never {
  const last = Number(config.input_dim) - 1;
  throw new JobError(
    `layer "${name}" (Embedding) looks up whole numbers from 0 to ${last}, but ${what} ${reason}`,
    { code: "EMBEDDING_INPUT", layer: name, what },
    { action: "local", remedy },
  );
}
