import type { DatasetSummary } from "../../datasets/dataset-summary.ts";
import type { DatasetJson } from "../contract/dataset.ts";

export function datasetJson(dataset: DatasetSummary): DatasetJson {
  return {
    ...dataset,
    shape: [...dataset.shape],
    classes: [...dataset.classes],
    notes: [...dataset.notes],
  };
}
