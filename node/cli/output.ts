/**
 * Everything that a command prints. For people: lines and tables on standard output, notes on standard
 * error. With --json: one JSON object on standard output, all else on standard error.
 */
import Table from "cli-table3";
import { PomlError } from "../../chain/errors.ts";
import { type Hints, PLAIN_HINTS } from "./plain-hints.ts";

/** The part of a stream that the CLI needs; tests pass a collector. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type Cell = string | number;

export class Output {
  readonly stdout: Sink;
  readonly stderr: Sink;
  json = false;
  verbose = false;
  /** Exit status of a command that has done its work, and reports its result in the exit status. */
  exit = 0;
  /** Set as soon as the running command knows its node. */
  hints: Hints = PLAIN_HINTS;

  constructor(stdout: Sink, stderr: Sink) {
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** True when a person watches, so that progress bars may move. */
  get isLive(): boolean {
    return this.human.isTTY === true;
  }

  /** The stream for text for people. */
  get human(): Sink {
    return this.json ? this.stderr : this.stdout;
  }

  /** The result of the command: `object` with --json, otherwise what `forPeople` prints. */
  result(object: unknown, forPeople: () => void): void {
    if (this.json) this.stdout.write(`${toJson(object)}\n`);
    else forPeople();
  }

  line(text = ""): void {
    this.human.write(`${text}\n`);
  }

  /** A note beside the result. It goes to standard error, so that standard output has only the result. */
  note(text: string): void {
    this.stderr.write(`note: ${this.hints.text(text)}\n`);
  }

  /** A line that shows a command to run next, completed so that it works as it stands. */
  command(before: string, text: string): void {
    this.line(`${before}${this.hints.command(text)}`);
  }

  /** Rows under a head; numbers are aligned right. */
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
    const isNumber = (column: number): boolean =>
      rows.length > 0 &&
      rows.every((row) => /^[-+]?[\d.,]+( ?[%A-Za-z/]+)?$|^-$/.test(`${row[column]}`));
    const table = new Table({
      head: [...head],
      style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
      colAligns: head.map((_, column) => (isNumber(column) ? "right" : "left")),
      chars: PLAIN_BORDERS,
    });
    for (const row of rows) table.push([...row]);
    for (const line of table.toString().split("\n")) this.line(line.trimEnd());
  }

  /** Name and value pairs, one a line. */
  fields(values: Readonly<Record<string, Cell>>): void {
    const width = Math.max(...Object.keys(values).map((name) => name.length));
    for (const [name, value] of Object.entries(values)) {
      this.line(`${name.padEnd(width)}  ${value}`);
    }
  }

  /** The JSON object that a program gets instead of a result. */
  jsonError(error: unknown): void {
    const remedy = this.#remedyOf(error);
    const hint = remedy === undefined ? {} : { remedy };
    const told = { message: messageOf(error), ...factsOf(error), ...hint };
    this.stdout.write(`${toJson({ error: told })}\n`);
  }

  #remedyOf(error: unknown): string | undefined {
    const remedy = error instanceof PomlError ? error.remedy : undefined;
    return remedy === undefined ? undefined : this.hints.text(remedy);
  }

  /** Message, field and remedy; the stack only with --verbose. */
  error(error: unknown): void {
    if (this.json) this.jsonError(error);
    const remedy = this.#remedyOf(error);
    this.stderr.write(`error: ${messageOf(error)}\n`);
    if (remedy !== undefined) this.stderr.write(`  try: ${remedy}\n`);
    if (this.verbose && error instanceof Error) this.stderr.write(`${stacks(error)}\n`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const PLAIN_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** JSON with bigint as decimal strings. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "bigint" ? inner.toString() : inner,
  );
}

function factsOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof PomlError)) return { code: "INTERNAL" };
  const { exit: _, ...facts } = error.facts as { code: string; exit?: unknown };
  return facts;
}

function stacks(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stacks(error.cause)}` : own;
}
