/** The schemas of the contract by name: every export of a file in `contract/` that is more than one text or number. */
import { readdirSync } from "node:fs";
import { z } from "zod";

const CONTRACT = new URL("contract/", import.meta.url);

/** @returns each schema with its export name; if one schema has two names, the first */
export async function contractSchemas(): Promise<Map<z.ZodType, string>> {
  const files = readdirSync(CONTRACT, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort();
  const modules: Readonly<Record<string, unknown>>[] = await Promise.all(
    files.map((name) => import(new URL(name, CONTRACT).href)),
  );
  const named = new Map<z.ZodType, string>();
  for (const [name, value] of modules.flatMap(Object.entries<unknown>)) {
    if (isStructure(value) && !named.has(value)) named.set(value, name);
  }
  return named;
}

/** Scalars appear where they are used, with their own descriptions. */
function isStructure(value: unknown): value is z.ZodType {
  return (
    value instanceof z.ZodObject || value instanceof z.ZodUnion || value instanceof z.ZodRecord
  );
}
