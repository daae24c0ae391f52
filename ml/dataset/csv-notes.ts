/** Reports, in sentences, what an import did that the owner should know. Many similar sentences become one. */
import { type ColumnProfile, placed } from "./csv-columns.ts";
import { SEPARATOR_NAMES } from "./csv-dialect.ts";
import type { Encoder } from "./csv-features.ts";
import { lookalikes, shown, shownList } from "./csv-names.ts";
import { isMissing, lookOf } from "./csv-numbers.ts";
import type { Lines, Table } from "./csv-table.ts";
import { MAX_NOTE_LENGTH, MAX_NOTES } from "./manifest.ts";

/** Columns that are named one by one; beyond these only the number is given. */
const COLUMNS_TOLD = 10;
const SMALL_CLASS = 5;

/** How the file was read: separator, header, label, skipped lines. */
export function notesOnReading(table: Table): string[] {
  const { dialect, header, names, label, skipped } = table;
  const notes: string[] = [];
  const name = SEPARATOR_NAMES[dialect.separator] ?? shown(dialect.separator);
  if (dialect.separator !== "," || dialect.stated) {
    notes.push(`The separator is ${name}${dialect.stated ? ", as the sep= line says" : ""}.`);
  }
  if (header === undefined) {
    notes.push(
      `The file has no header: its first line is data, and its columns are called "column-1" to ${shown(names.names.at(-1) ?? "")}.`,
    );
  }
  notes.push(...names.notes);
  if (label.note !== undefined) notes.push(label.note);
  if (skipped.comment.count > 0) notes.push(`${told(skipped.comment, "comment")} skipped.`);
  if (skipped.spaced.count > 0) {
    notes.push(`${told(skipped.spaced, "record")} stripped of white space around values.`);
  }
  if (skipped.blank.count > 0) notes.push(`${told(skipped.blank, "blank line")} skipped.`);
  return notes;
}

/** Rows that were left out, and classes that the owner should check. */
export function notesOnLabels(table: Table, isTraining: Uint8Array): string[] {
  const { classes, labels, unlabelled, missingLabels } = table;
  const notes: string[] = [];
  if (unlabelled.count > 0) {
    const words = [...missingLabels].map(shown).join(", ");
    const how = words === "" ? "" : ` (empty or ${words}; all other labels are numbers)`;
    notes.push(`${told(unlabelled, "row")} left out because the label is missing${how}.`);
  }
  const kept = classes.filter(isMissing);
  if (kept.length > 0) {
    notes.push(
      `${shownList(kept)} in the label column is a class of its own; leave the label empty where there is none.`,
    );
  }
  const alike = lookalikes(classes);
  for (const group of alike.slice(0, COLUMNS_TOLD)) {
    notes.push(`The classes ${shownList(group)} look alike and are kept apart.`);
  }
  const more = alike.length - COLUMNS_TOLD;
  if (more > 0) notes.push(`The same holds for ${more} more groups of classes.`);
  notes.push(...notesOnSizes(classes, labels, isTraining));
  return notes;
}

function notesOnSizes(
  classes: readonly string[],
  labels: Uint16Array,
  isTraining: Uint8Array,
): string[] {
  const total = classes.map(() => 0);
  const tested = classes.map(() => 0);
  labels.forEach((label, row) => {
    total[label] = (total[label] ?? 0) + 1;
    if (isTraining[row] !== 1) tested[label] = (tested[label] ?? 0) + 1;
  });
  const notes: string[] = [];
  const untested = classes.filter((_, i) => tested[i] === 0);
  if (untested.length > 0) {
    notes.push(
      `Classes with one row only: ${shownList(untested)}. That row is used for training, so no test measures how well the class is recognised.`,
    );
  }
  const small = classes.filter((_, i) => tested[i] !== 0 && (total[i] ?? 0) < SMALL_CLASS);
  if (small.length > 0) {
    notes.push(`Classes with fewer than ${SMALL_CLASS} rows: ${shownList(small)}.`);
  }
  return notes;
}

export interface LeftOut {
  readonly name: string;
  /** From 0. */
  readonly position: number;
  readonly reason: string;
}

export function notesOnLeftOut(columns: readonly LeftOut[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { name, reason } of columns) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
  }
  const groups = [...byReason].slice(0, MAX_NOTES / 4);
  const notes = groups.map(([reason, names]) =>
    names.length === 1
      ? `Column ${shownList(names)} was left out: ${reason}.`
      : `Columns ${shownList(names)} were left out: of each, ${reason}.`,
  );
  if (byReason.size > groups.length) {
    notes.push(
      `${byReason.size - groups.length} more columns were left out for reasons of their own; the manifest lists them.`,
    );
  }
  return notes;
}

/** Anything unusual about the columns that are kept. */
export function notesOnColumns(encoders: readonly Encoder[]): string[] {
  return [
    ...each(encoders, missingNumbers),
    ...each(encoders, (encoder) =>
      encoder.kind === "numeric" && encoder.mark === "comma" && hasMark(encoder.profile)
        ? `Column ${shown(encoder.profile.name)} was read with decimal commas.`
        : undefined,
    ),
    ...each(encoders, oddNumbers),
    ...each(encoders, oddTexts),
    ...each(encoders, emptyTexts),
    ...each(encoders, alikeTexts),
    ...each(encoders, leaks),
  ];
}

/** Limited as the manifest requires; if there are too many notes, warnings are kept first. */
export function bounded(notes: readonly string[]): string[] {
  const short = notes.map((note) => {
    const characters = [...note];
    return characters.length <= MAX_NOTE_LENGTH
      ? note
      : `${characters.slice(0, MAX_NOTE_LENGTH - 1).join("")}…`;
  });
  if (short.length <= MAX_NOTES) return short;
  const isWarning = (note: string): boolean => note.startsWith("WARNING");
  const ordered = [...short.filter(isWarning), ...short.filter((note) => !isWarning(note))];
  const left = short.length - (MAX_NOTES - 1);
  return [...ordered.slice(0, MAX_NOTES - 1), `${left} more notes are not kept.`];
}

export function each(
  encoders: readonly Encoder[],
  noteOf: (encoder: Encoder) => string | undefined,
): string[] {
  const notes = encoders.flatMap((encoder) => noteOf(encoder) ?? []);
  const rest = notes.length - COLUMNS_TOLD;
  if (rest <= 0) return notes;
  return [...notes.slice(0, COLUMNS_TOLD), `The same holds for ${rest} more columns.`];
}

function missingNumbers(encoder: Encoder): string | undefined {
  const { name, missing, numbers, missingWords } = encoder.profile;
  if (encoder.kind !== "numeric" || missing === 0) return undefined;
  const words = [...missingWords].map((word) => (word === "" ? "empty" : shown(word)));
  return `Column ${shown(name)}: ${missing} of ${missing + numbers} values are missing (${words.join(", ")}); the mean of the training rows stands in.`;
}

function hasMark(profile: ColumnProfile): boolean {
  return profile.count("comma", "comma-or-group") > 0;
}

function oddNumbers(encoder: Encoder): string | undefined {
  const { profile } = encoder;
  const { name, firstZeroLed, firstInexact, firstUnderflow, isCounting, numbers, missing } =
    profile;
  if (encoder.kind !== "numeric") return undefined;
  if (firstZeroLed !== undefined) {
    return `Column ${shown(name)} was read as numbers, so ${shown(firstZeroLed.cell)} on line ${firstZeroLed.line} is ${Number(firstZeroLed.cell)}; if these are codes, leave the column out or write them as texts.`;
  }
  const group = profile.first.get("point-or-group");
  if (encoder.mark === "point" && group !== undefined && profile.count("point") === 0) {
    return `Column ${shown(name)} was read with decimal points: ${placed(group)} is ${Number(group.cell)}, not ${group.cell.replace(".", "")}.`;
  }
  if (isDates(profile)) {
    return `Column ${shown(name)} looks like dates, such as ${placed(profile.first.get("whole"))}, and was read as numbers, whose differences are not days.`;
  }
  if (firstUnderflow !== undefined) {
    return `Column ${shown(name)} holds numbers too small for 64 bits, such as ${shown(firstUnderflow.cell)} on line ${firstUnderflow.line}, which became 0.`;
  }
  if (firstInexact !== undefined && Math.max(-profile.min, profile.max) > Number.MAX_SAFE_INTEGER) {
    return `Column ${shown(name)} holds numbers above 2^53, such as ${firstInexact.cell.slice(0, 40)} on line ${firstInexact.line}, which were rounded to 64-bit numbers.`;
  }
  if (isCounting && numbers > 2 && missing === 0) {
    return `Column ${shown(name)} rises by one from row to row; leave it out if it only numbers the rows.`;
  }
  return undefined;
}

/** Whether every number looks like a day written as 20240131. */
function isDates({ distinct, numbers, isWhole, min, max }: ColumnProfile): boolean {
  if (!isWhole || min < 1800_01_01 || max > 2199_12_31 || numbers < 2) return false;
  return [...distinct].every((value) => {
    const month = Math.floor(value / 100) % 100;
    const day = value % 100;
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
  });
}

function oddTexts(encoder: Encoder): string | undefined {
  if (encoder.kind !== "category") return undefined;
  const { profile, values } = encoder;
  const kept = values.filter(isMissing);
  if (kept.length > 0) {
    return `Column ${shown(profile.name)} holds texts, so ${shownList(kept)} is a value of its own.`;
  }
  if (profile.numbers > 0) {
    return `Column ${shown(profile.name)} holds numbers and texts; it became ${values.length} categories.`;
  }
  const looks = values.map(lookOf);
  const look = looks[0];
  return look !== undefined && looks.every((one) => one === look)
    ? `Column ${shown(profile.name)} holds ${look} in every row; it became ${values.length} categories, not numbers.`
    : undefined;
}

function emptyTexts(encoder: Encoder): string | undefined {
  const { name, empty } = encoder.profile;
  if (encoder.kind !== "category" || empty === 0) return undefined;
  return `Column ${shown(name)}: ${empty} cells are empty and belong to no category (all its features are 0).`;
}

function alikeTexts(encoder: Encoder): string | undefined {
  if (encoder.kind !== "category") return undefined;
  const groups = lookalikes(encoder.values);
  if (groups.length === 0) return undefined;
  const told = groups.map(shownList).join("; ");
  return `Column ${shown(encoder.profile.name)}: the categories ${told} look alike and are kept apart.`;
}

function leaks({ profile }: Encoder): string | undefined {
  if (profile.leak === undefined) return undefined;
  const what =
    profile.leak === "copy"
      ? "equals the label in every row"
      : "says the same as the label in every row, in other words";
  return `WARNING: column ${shown(profile.name)} ${what}. If it is another form of the answer, leave it out: a model that reads the answer learns nothing else.`;
}

/** A count with its verb, such as: 3 rows (lines 4, 9, 12) were */
function told({ count, first }: Lines, what: string): string {
  const lines = `${count === 1 ? "line" : "lines"} ${first.join(", ")}${count > first.length ? ", …" : ""}`;
  return count === 1 ? `1 ${what} (${lines}) was` : `${count} ${what}s (${lines}) were`;
}
