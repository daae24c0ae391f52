/** Decides which columns of a table become features, and gives the reason for each of the others. */
import type { ColumnProfile } from "./csv-columns.ts";
import { type Encoder, requirePrecision, type Scale } from "./csv-features.ts";
import { type ColumnKind, evidenceOf, type FileEvidence, kindOf } from "./csv-kinds.ts";
import { classNames } from "./csv-labels.ts";
import { lengthOf, shown, shownList } from "./csv-names.ts";
import type { LeftOut } from "./csv-notes.ts";
import type { DecimalMark } from "./csv-numbers.ts";
import type { Table } from "./csv-table.ts";
import { DatasetError } from "./errors.ts";
import { MAX_TEXT_LENGTH } from "./manifest.ts";

export interface ChoiceOptions {
  /** Default: detected for each column. */
  readonly decimal?: DecimalMark | undefined;
  /** Columns to leave out, by name or by number, like the label. */
  readonly leaveOut?: readonly string[] | undefined;
  /** Columns of whole numbers stay as they are, as embeddings need them. */
  readonly keepIntegers?: boolean | undefined;
  /** Shape of a row, [28,28,1], when all other columns are the pixels of an image. */
  readonly shape?: readonly number[] | undefined;
}

export interface Chosen {
  readonly encoders: readonly Encoder[];
  readonly leftOut: readonly LeftOut[];
}

/** @throws DatasetError NOT_NUMERIC, UNCLEAR, UNKNOWN_COLUMN, BAD_OPTION, EMPTY */
export function chooseColumns(table: Table, options: ChoiceOptions): Chosen {
  const { names, header, label, profiles } = table;
  const unwanted = unwantedColumns(names.names, label.column, options.leaveOut ?? []);
  const wanted = profiles.filter((_, column) => column !== label.column && !unwanted.has(column));
  const evidence = evidenceOf(wanted);
  const encoders: Encoder[] = [];
  const leftOut: LeftOut[] = [];
  profiles.forEach((profile, column) => {
    if (column === label.column) return;
    const found = unwanted.has(column)
      ? ({ kind: "unusable", reason: "the owner asked for it" } as const)
      : usableKind(profile, header?.[column], evidence, options);
    switch (found.kind) {
      case "unusable":
        leftOut.push({ name: profile.name, position: column, reason: found.reason });
        break;
      case "numeric": {
        const keepsWhole = options.keepIntegers === true && profile.isWhole;
        encoders.push({ column, profile, keepsWhole, ...found });
        break;
      }
      case "category":
        encoders.push({ column, profile, kind: "category", values: classNames(profile.texts) });
        break;
      default:
        found satisfies never;
    }
  });
  requireFeatures(encoders, leftOut);
  return { encoders, leftOut };
}

function usableKind(
  profile: ColumnProfile,
  header: string | undefined,
  evidence: FileEvidence,
  { decimal, shape }: ChoiceOptions,
): ColumnKind {
  if (shape !== undefined) return { kind: "numeric", mark: "point" };
  const found = kindOf(profile, header, evidence, decimal);
  if (found.kind !== "category") return found;
  const long = [...profile.texts].find((text) => lengthOf(text) > MAX_TEXT_LENGTH);
  if (long === undefined) return found;
  const reason = `it holds a text of ${lengthOf(long)} characters; a category may have ${MAX_TEXT_LENGTH}`;
  return { kind: "unusable", reason };
}

/** Positions of the columns to leave out. @throws DatasetError UNKNOWN_COLUMN, BAD_OPTION */
function unwantedColumns(
  names: readonly string[],
  label: number,
  wanted: readonly string[],
): ReadonlySet<number> {
  const columns = wanted.map((text) => {
    const named = names.indexOf(text);
    if (named !== -1) return named;
    const number = /^[+-]?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    const column = number < 0 ? names.length + number : number;
    if (column >= 0 && column < names.length) return column;
    throw new DatasetError(
      `leaveOut: there is no column ${shown(text)}; the columns are ${shownList(names)}`,
      { code: "UNKNOWN_COLUMN", column: text.slice(0, 100), columns: names.slice(0, 100) },
      { remedy: `name one of the columns, or its number from 0 to ${names.length - 1}` },
    );
  });
  if (columns.includes(label)) {
    throw new DatasetError(
      `leaveOut: ${shown(names[label] ?? "")} is the label`,
      { code: "BAD_OPTION", field: "leaveOut", value: names[label] ?? "" },
      { remedy: "leave out other columns, or choose another label" },
    );
  }
  return new Set(columns);
}

/** Leaves out columns that vary in the test rows only, because a model cannot learn from them. */
export function withoutConstants(
  { encoders, leftOut }: Chosen,
  scales: readonly (Scale | undefined)[],
): Chosen & { readonly kept: readonly (Scale | undefined)[] } {
  const isConstant = (i: number): boolean => scales[i]?.deviation === 0;
  const constant = encoders.filter((_, i) => isConstant(i));
  const all = [
    ...leftOut,
    ...constant.map(({ profile, column }) => ({
      name: profile.name,
      position: column,
      reason: "it holds the same number in every training row",
    })),
  ].sort((a, b) => a.position - b.position);
  const rest = encoders.filter((_, i) => !isConstant(i));
  const kept = scales.filter((_, i) => !isConstant(i));
  requireFeatures(rest, all);
  rest.forEach((encoder, i) => {
    const scale = kept[i];
    if (scale !== undefined && encoder.kind === "numeric" && !encoder.keepsWhole) {
      requirePrecision(encoder, scale);
    }
  });
  return { encoders: rest, leftOut: all, kept };
}

function requireFeatures(encoders: readonly Encoder[], leftOut: readonly LeftOut[]): void {
  if (encoders.length > 0) return;
  const reasons = leftOut.slice(0, 3).map(({ name, reason }) => `${shown(name)}: ${reason}`);
  throw new DatasetError(
    `no column besides the label can be used as a feature${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}`,
    { code: "EMPTY", what: "feature columns" },
    { remedy: "give at least one column with different numbers or a few different texts" },
  );
}
