/**
 * All reasons for which data can be refused, as codes with their facts. The message names the place (column, line,
 * file); the remedy says what the owner of the data can do.
 */
import { type ErrorOptions, PomlError } from "../../chain/errors.ts";

export type DatasetFacts =
  | { readonly code: "EMPTY"; readonly what: string }
  | { readonly code: "NO_LABELS"; readonly columns: readonly string[] }
  | { readonly code: "ONE_CLASS"; readonly label: string }
  | {
      readonly code: "NOT_CLASSES";
      readonly column: string;
      readonly distinct: number;
      readonly rows: number;
    }
  | {
      readonly code: "UNKNOWN_COLUMN";
      readonly column: string;
      readonly columns: readonly string[];
    }
  | {
      readonly code: "RAGGED_ROW";
      readonly line: number;
      readonly expected: number;
      readonly actual: number;
    }
  | { readonly code: "OPEN_QUOTE"; readonly line: number }
  | { readonly code: "BAD_QUOTE"; readonly line: number }
  | { readonly code: "NOT_TEXT"; readonly what: string }
  | {
      readonly code: "NOT_UTF8";
      readonly field: "encoding";
      readonly line: number;
      readonly likely: string;
    }
  | { readonly code: "ONE_COLUMN"; readonly field: "separator" }
  /** The data can be read in several ways; an option states which one is meant. */
  | { readonly code: "UNCLEAR"; readonly field: string; readonly choices: readonly string[] }
  | { readonly code: "BAD_OPTION"; readonly field: string; readonly value: string }
  | { readonly code: "DUPLICATE_COLUMN"; readonly field: string; readonly column: string }
  | {
      readonly code: "TOO_LONG";
      readonly what: string;
      readonly value: string;
      readonly limit: number;
      readonly actual: number;
    }
  | {
      readonly code: "NOT_NUMERIC";
      readonly column: string;
      readonly line: number;
      readonly value: string;
    }
  | { readonly code: "SHAPE"; readonly expected: number; readonly actual: number }
  | { readonly code: "BAD_GZIP"; readonly what: string; readonly reason: string }
  | { readonly code: "BAD_IDX"; readonly what: string; readonly reason: string }
  | {
      readonly code: "TOO_LARGE";
      readonly what: string;
      readonly limit: number;
      readonly actual: number;
    }
  | { readonly code: "BAD_MANIFEST"; readonly field: string; readonly reason: string }
  | {
      readonly code: "CHUNK_SIZE";
      readonly file: string;
      readonly expected: number;
      readonly actual: number;
    }
  | {
      readonly code: "CHUNK_HASH";
      readonly file: string;
      readonly expected: string;
      readonly actual: string;
    }
  | { readonly code: "CHUNK_FORMAT"; readonly file: string; readonly reason: string }
  | { readonly code: "MISSING_FILE"; readonly file: string }
  | { readonly code: "TOO_FEW_CHUNKS"; readonly chunks: number; readonly participants: number };

export class DatasetError extends PomlError<DatasetFacts> {}

/** @throws DatasetError TOO_LARGE when `actual` is above `limit` */
export function requireWithin(what: string, actual: number, limit: number, remedy: string): void {
  if (actual <= limit) return;
  throw new DatasetError(
    `${what}: ${actual} is above the limit of ${limit}`,
    { code: "TOO_LARGE", what, limit, actual },
    { remedy },
  );
}

/** @throws DatasetError CHUNK_FORMAT, which proves that the maker of the chunk broke the format */
export function refuseChunk(file: string, reason: string, options: ErrorOptions = {}): never {
  throw new DatasetError(
    `chunk ${file}: ${reason}`,
    { code: "CHUNK_FORMAT", file, reason },
    { remedy: "fetch the chunk again or import the data again", ...options },
  );
}
