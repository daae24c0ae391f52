/**
 * Copies untrusted JSON into plain objects with sorted keys, within limits on depth, size and string length. The result
 * can be walked, printed and hashed without surprises.
 */

import { ModelError } from "./model-error.ts";

export type PlainJson = null | boolean | number | string | readonly PlainJson[] | PlainObject;
export interface PlainObject {
  readonly [key: string]: PlainJson;
}

const MAX_DEPTH = 32;
const MAX_VALUES = 50_000;
const MAX_STRING = 4_096;

/** @throws ModelError NOT_A_MODEL or TOO_LARGE, naming the path of the value. */
export function copyPlainJson(value: unknown, path = "model"): PlainJson {
  return copy(value, path, 0, { left: MAX_VALUES });
}

export function isPlainObject(value: PlainJson | undefined): value is PlainObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isPlainArray(value: PlainJson | undefined): value is readonly PlainJson[] {
  return Array.isArray(value);
}

function copy(value: unknown, path: string, depth: number, budget: { left: number }): PlainJson {
  if (depth > MAX_DEPTH) throw tooLarge("nesting of the model JSON", MAX_DEPTH, depth);
  budget.left -= 1;
  if (budget.left < 0) throw tooLarge("values in the model JSON", MAX_VALUES, MAX_VALUES + 1);
  if (value === null || value === undefined || typeof value === "boolean") return value ?? null;
  if (typeof value === "string") {
    if (value.length > MAX_STRING) throw tooLarge(`length of ${path}`, MAX_STRING, value.length);
    return value;
  }
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    throw notAModel(path, "is not a finite number");
  }
  if (Array.isArray(value)) {
    if (value.length > budget.left) throw tooLarge(path, budget.left, value.length);
    return value.map((item, index) => copy(item, `${path}[${index}]`, depth + 1, budget));
  }
  if (typeof value !== "object") throw notAModel(path, `cannot be a ${typeof value}`);
  const entries: [string, PlainJson][] = [];
  for (const key of Object.keys(value).sort()) {
    if (key === "__proto__") throw notAModel(`${path}.${key}`, "is a forbidden name");
    const member = (value as Record<string, unknown>)[key];
    entries.push([key, copy(member, `${path}.${key}`, depth + 1, budget)]);
  }
  return Object.fromEntries(entries);
}

function notAModel(field: string, reason: string): ModelError {
  return new ModelError(
    `${field} ${reason}`,
    { code: "NOT_A_MODEL", field, reason },
    {
      remedy: "send the JSON that tfjs writes with model.toJSON() or model.save()",
    },
  );
}

function tooLarge(what: string, limit: number, actual: number): ModelError {
  return new ModelError(
    `${what}: ${actual} is over the limit of ${limit}`,
    { code: "TOO_LARGE", what, limit, actual },
    { remedy: "send a smaller model description" },
  );
}
