/**
 * The list of settings, read from the schema: dotted key, environment variable, flag, form, default. `p2p.listen` is
 * POML_P2P_LISTEN and --p2p-listen.
 */
import { z } from "zod";
import { ConfigSchema, REPLACED_SETTINGS } from "./schema.ts";

export type OptionKind = "text" | "number" | "boolean" | "list";

export interface Option {
  /** Dotted path in config.json, e.g. `p2p.listen`. */
  readonly key: string;
  readonly env: string;
  /** Without the dashes. */
  readonly flag: string;
  readonly kind: OptionKind;
  readonly description: string;
  /** As written in config.json; undefined where it depends on the machine. */
  readonly defaultValue: unknown;
}

export const OPTIONS: readonly Option[] = optionsOf(ConfigSchema, "");

/** A setting of an earlier version. */
export interface ReplacedOption extends Pick<Option, "key" | "env" | "flag"> {
  /** Its replacement. */
  readonly now: string;
}

export const REPLACED_OPTIONS: readonly ReplacedOption[] = [...REPLACED_SETTINGS].map(
  ([key, now]) => ({ key, ...namesOf(key), now }),
);

export function optionAt(key: string): Option | undefined {
  return OPTIONS.find((option) => option.key === key);
}

/**
 * Converts text from a flag or the environment to the value for config.json. Text that does not parse is passed on
 * unchanged, so that the schema refuses it with the field's own message.
 */
export function valueOfText(kind: OptionKind, text: string): unknown {
  switch (kind) {
    case "number":
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case "boolean":
      if (text === "true" || text === "1") return true;
      return text === "false" || text === "0" ? false : text;
    case "list":
      return text === "" ? [] : text.split(",").map((item) => item.trim());
    case "text":
      return text;
  }
}

function optionsOf(schema: z.ZodObject, prefix: string): Option[] {
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const key = prefix + name;
    const inner = unwrap(field);
    return inner instanceof z.ZodObject ? optionsOf(inner, `${key}.`) : [optionOf(key, field)];
  });
}

function optionOf(key: string, field: z.core.$ZodType): Option {
  return {
    key,
    ...namesOf(key),
    kind: kindOf(key, unwrap(field)),
    description: z.globalRegistry.get(field)?.description ?? "",
    defaultValue: key === "dataDir" ? undefined : z.safeParse(field, undefined).data,
  };
}

function namesOf(key: string): Pick<Option, "env" | "flag"> {
  const words = key.replace(/([a-z])([A-Z])/g, "$1-$2").replaceAll(".", "-");
  const env = `POML_${words.replaceAll("-", "_").toUpperCase()}`;
  return { env, flag: words.toLowerCase() };
}

function unwrap(field: z.core.$ZodType): z.core.$ZodType {
  if (field instanceof z.ZodDefault || field instanceof z.ZodPrefault) {
    return unwrap(field.def.innerType);
  }
  return field;
}

function kindOf(key: string, field: z.core.$ZodType): OptionKind {
  if (field instanceof z.ZodString || field instanceof z.ZodEnum) return "text";
  if (field instanceof z.ZodNumber) return "number";
  if (field instanceof z.ZodBoolean) return "boolean";
  if (field instanceof z.ZodArray) return "list";
  throw new TypeError(`setting ${key} has a form no flag can give`);
}
