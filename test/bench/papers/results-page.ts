/**
 * The page of results: its prose is written by people, its tables and figures by the benchmark. A table stands between
 * two comments that carry its name, so that a run replaces what it measured and nothing else.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { drawFigure, type Figure } from "./svg.ts";

export interface ResultTable {
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** A line under the table: when, on what, how often. */
  readonly note: string;
}

export interface Results {
  readonly tables: readonly ResultTable[];
  /** By the name of the file, without `.svg`. */
  readonly figures: Readonly<Record<string, Figure>>;
}

const DOCS = new URL("../../../docs/", import.meta.url);

/** @throws Error where the page has no place for a table */
export async function writeResults({ tables, figures }: Results): Promise<void> {
  const page = new URL("results.md", DOCS);
  const folder = new URL("figures/", DOCS);
  let text = await readFile(page, "utf8");
  for (const table of tables) text = replaceTable(text, table);
  await mkdir(folder, { recursive: true });
  for (const [name, figure] of Object.entries(figures)) {
    await writeFile(new URL(`${name}.svg`, folder), drawFigure(figure));
  }
  await writeFile(page, text);
}

/** @throws Error where `page` has no place for it */
export function replaceTable(page: string, table: ResultTable): string {
  const [open, close] = [`<!-- bench: ${table.name} -->`, `<!-- end: ${table.name} -->`];
  const from = page.indexOf(open);
  const to = page.indexOf(close, from);
  if (from < 0 || to < 0) {
    throw new Error(`the page has no place for a table: it lacks ${open} or ${close} after it`);
  }
  return `${page.slice(0, from + open.length)}\n\n${markdown(table)}\n${page.slice(to)}`;
}

function markdown({ head, rows, note }: ResultTable): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(head), row(head.map(() => "---")), ...rows.map(row), "", wrapped(note), ""].join(
    "\n",
  );
}

const COLUMNS = 120;

function wrapped(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
