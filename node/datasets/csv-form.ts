/** What a client can state about a CSV file: fields of a query, or of a form. */
import { z } from "zod";
import type { CsvSettings } from "../../ml/dataset/import-csv.ts";
import { ShortName } from "../short-name.ts";

const column = z.string().min(1).max(1024);

export const CsvForm = z.strictObject({
  name: ShortName,
  label: column
    .optional()
    .describe(
      "column to predict: a name, or a number from 0 (-1 is the last); default: by its name",
    ),
  header: z
    .enum(["yes", "no", "auto"])
    .optional()
    .describe("whether line 1 names the columns; default auto, which refuses what is not clear"),
  separator: z
    .string()
    .min(1)
    .max(16)
    .optional()
    .describe("comma, semicolon, tab, pipe, or the character; default: found"),
  decimal: z.enum(["point", "comma"]).optional().describe("decimal mark; default: found by column"),
  encoding: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .describe("windows-1252, for example; default utf-8"),
  leaveOut: z
    .union([column, z.array(column).max(1000)])
    .optional()
    .describe("columns to leave out, by name or number; may come more than once"),
  keepIntegers: z
    .enum(["yes", "no"])
    .optional()
    .describe("keep columns of whole numbers as they are, as embeddings need; default no"),
});

export type CsvFields = Omit<z.infer<typeof CsvForm>, "name">;

/** The fields as the import takes them. */
export function csvSettings({ leaveOut, keepIntegers, ...rest }: CsvFields): CsvSettings {
  return {
    ...rest,
    leaveOut: typeof leaveOut === "string" ? [leaveOut] : leaveOut,
    keepIntegers: keepIntegers === "yes",
  };
}
