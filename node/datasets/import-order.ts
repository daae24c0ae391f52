/**
 * An import order: the source as files on this disk, and the destination. Plain data, because it is sent to a process.
 */
import type { CsvSettings } from "../../ml/dataset/import-csv.ts";
import type { DatasetOrder } from "../../ml/dataset/manifest.ts";

export type ImportSource =
  | {
      readonly kind: "csv";
      readonly name: string;
      readonly settings: CsvSettings;
      /** Path. */
      readonly file: string;
    }
  | {
      readonly kind: "idx";
      readonly name: string;
      readonly images: string;
      readonly labels: string;
      readonly testImages: string;
      readonly testLabels: string;
    }
  /** A dataset of this node to be cut in another order. `seed`: hex. */
  | {
      readonly kind: "reorder";
      readonly folder: string;
      readonly order: DatasetOrder;
      readonly seed: string;
    }
  /** A multipart form as it was received, with its content type. */
  | { readonly kind: "form"; readonly file: string; readonly contentType: string };

export interface ImportOrder {
  readonly source: ImportSource;
  /** The folder for the dataset; the import creates it. */
  readonly output: string;
}

/**
 * Called once, before anything is written.
 * @param bytes of the dataset
 * @throws StorageError JOB_DISK_FULL
 */
export type ImportSize = (bytes: number) => Promise<void>;

/** The share of the work that is done, for display; reading takes most of the time. */
export type ImportProgress = (done: number, what: string) => void;
