/** The table of docs/configuration.md, generated from the schema; a test keeps the page equal to it. */
import { OPTIONS, type Option } from "./options.ts";

/** Markdown, one row per setting. */
export function configurationTable(): string {
  const rows = OPTIONS.map(
    (option) =>
      `| \`${option.key}\` | \`--${option.flag}\` | \`${option.env}\` | ${form(option)} | ${option.description} |`,
  );
  return [
    "| config.json | flag | environment | form, default | what it does |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function form({ kind, key, defaultValue }: Option): string {
  const names = { text: "text", number: "number", boolean: "true / false", list: "list" };
  const shown = key === "dataDir" ? "~/.poml" : show(defaultValue);
  return `${names[kind]}, ${shown === "" ? "empty" : `\`${shown}\``}`;
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}
