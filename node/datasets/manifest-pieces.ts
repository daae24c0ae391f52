/** Divides a manifest into pieces that are small enough to be processed without a pause. */
import type { Manifest } from "../../ml/dataset/manifest.ts";
import type { SentError } from "./import-messages.ts";

type Lists = Pick<Manifest, "train" | "test" | "columns"> & {
  readonly leftOut: NonNullable<Manifest["table"]>["leftOut"];
};

export type ManifestPiece = {
  readonly [List in keyof Lists]: {
    readonly kind: "piece";
    readonly list: List;
    readonly items: Lists[List];
  };
}[keyof Lists];

export type ManifestMessage =
  | { readonly kind: "start"; readonly manifest: Manifest; readonly id: string }
  | ManifestPiece
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly error: SentError };

const ITEMS = 1000;

/** The manifest without its long lists. */
export function emptied(manifest: Manifest): Manifest {
  const { table } = manifest;
  const short = table === null ? null : { ...table, leftOut: [] };
  return { ...manifest, train: [], test: [], columns: [], table: short };
}

export function* piecesOf({ train, test, columns, table }: Manifest): Generator<ManifestPiece> {
  for (const items of cut(train)) yield { kind: "piece", list: "train", items };
  for (const items of cut(test)) yield { kind: "piece", list: "test", items };
  for (const items of cut(columns)) yield { kind: "piece", list: "columns", items };
  for (const items of cut(table?.leftOut ?? [])) yield { kind: "piece", list: "leftOut", items };
}

/** The inverse of `piecesOf`: it starts from the result of `emptied`. */
export class ManifestBuilder {
  readonly #start: Manifest;
  readonly #train: Manifest["train"] = [];
  readonly #test: Manifest["test"] = [];
  readonly #columns: Manifest["columns"] = [];
  readonly #leftOut: Lists["leftOut"][number][] = [];

  constructor(start: Manifest) {
    this.#start = start;
  }

  add(piece: ManifestPiece): void {
    switch (piece.list) {
      case "train":
        this.#train.push(...piece.items);
        break;
      case "test":
        this.#test.push(...piece.items);
        break;
      case "columns":
        this.#columns.push(...piece.items);
        break;
      case "leftOut":
        this.#leftOut.push(...piece.items);
        break;
      default:
        piece satisfies never;
    }
  }

  finish(): Manifest {
    const { table } = this.#start;
    return {
      ...this.#start,
      train: this.#train,
      test: this.#test,
      columns: this.#columns,
      table: table === null ? null : { ...table, leftOut: this.#leftOut },
    };
  }
}

function* cut<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += ITEMS) yield items.slice(at, at + ITEMS);
}
