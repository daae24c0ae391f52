/**
 * The settings of one run: defaults, then config.json, then the environment, then flags; later ones take precedence.
 * This is the only code that reads POML_* variables for a node. The result is frozen.
 */
import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { isCode } from "../wallet/secret-file.ts";
import { ConfigError } from "./config-error.ts";
import { dataDirPaths } from "./data-dir.ts";
import { type Environment, withoutEmpty } from "./environment.ts";
import { OPTIONS, type Option, optionAt, REPLACED_OPTIONS, valueOfText } from "./options.ts";
import { absolutePath } from "./path.ts";
import { type Config, ConfigSchema } from "./schema.ts";

const MAX_CONFIG_BYTES = 1024 * 1024;

export interface ConfigSources {
  /** By flag name without dashes, as given on the command line. */
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly env: Environment;
}

/** A value and its origin, for the message if it is wrong. */
interface Given {
  readonly value: unknown;
  readonly source: string;
}

/** Variables with the same prefix that are no settings of a node. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  "POML_PASSPHRASE",
  "POML_API",
  "POML_TOKEN",
  "POML_WORKER_TOKEN",
  "POML_WALLET",
  "POML_FAIL_AT",
]);

/** @throws ConfigError BAD_OPTION, UNKNOWN_OPTION, CONFIG_MALFORMED */
export async function loadConfig({ flags, env }: ConfigSources): Promise<Config> {
  const given = new Map<string, Given>();
  const outside = [...fromEnvironment(withoutEmpty(env)), ...fromFlags(flags)];
  const directory = outside.findLast(([key]) => key === "dataDir")?.[1].value;
  const named = typeof directory === "string" ? directory : ConfigSchema.parse({}).dataDir;
  const dataDir = absolutePath("dataDir", named);
  const file = dataDirPaths(dataDir).config;
  for (const [key, value] of [...(await fromFile(file)), ...outside]) given.set(key, value);
  given.set("dataDir", { value: dataDir, source: given.get("dataDir")?.source ?? "" });
  const config = validate(given);
  const { tokenFile } = config.api;
  if (tokenFile === "") return freeze(config);
  // A relative path starts at the directory in which the node is started, as for any program.
  const api = { ...config.api, tokenFile: absolutePath("api.tokenFile", tokenFile) };
  return freeze({ ...config, api });
}

function validate(given: ReadonlyMap<string, Given>): Config {
  const nested: Record<string, unknown> = {};
  for (const [key, { value }] of given) place(nested, key.split("."), value);
  const parsed = ConfigSchema.safeParse(nested);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badOption(issue, given);
}

function badOption(
  issue: z.core.$ZodIssue | undefined,
  given: ReadonlyMap<string, Given>,
): ConfigError {
  const path = issue?.path.map(String) ?? [];
  const option = path
    .map((_, i) => optionAt(path.slice(0, i + 1).join(".")))
    .find((found) => found !== undefined);
  const field = option?.key ?? path.join(".");
  const { value, source } = given.get(field) ?? { value: undefined, source: "config.json" };
  const reason = issue?.message ?? "is not valid";
  return new ConfigError(
    `${field} (${source}): ${reason}; got ${JSON.stringify(value)?.slice(0, 120)}`,
    { code: "BAD_OPTION", field, source, reason },
    option === undefined
      ? "see docs/configuration.md"
      : `${option.description} ${waysToSet(option)}`,
  );
}

function waysToSet(option: Option): string {
  return `Set it with --${option.flag}, ${option.env} or "${option.key}" in config.json.`;
}

function* fromEnvironment(env: ConfigSources["env"]): Iterable<[string, Given]> {
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith("POML_") || text === undefined || OTHER_VARIABLES.has(name)) continue;
    const source = `environment variable ${name}`;
    const option = OPTIONS.find(({ env }) => env === name);
    if (option === undefined) throw unknownOption(name, source);
    yield [option.key, { value: valueOfText(option.kind, text), source }];
  }
}

function* fromFlags(flags: ConfigSources["flags"]): Iterable<[string, Given]> {
  for (const [flag, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const source = `flag --${flag}`;
    const option = OPTIONS.find((candidate) => candidate.flag === flag);
    if (option === undefined) throw unknownOption(`--${flag}`, source);
    yield [
      option.key,
      { value: typeof value === "string" ? valueOfText(option.kind, value) : value, source },
    ];
  }
}

async function fromFile(path: string): Promise<[string, Given][]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return "{}";
    throw error;
  });
  if (text.length > MAX_CONFIG_BYTES) throw malformed(path, "larger than 1 MiB");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw malformed(path, error instanceof Error ? error.message : "not JSON", error);
  }
  if (!isRecord(json)) throw malformed(path, "not a JSON object");
  return flatten(json, "", path);
}

function flatten(value: Record<string, unknown>, prefix: string, path: string): [string, Given][] {
  const source = `file ${path}`;
  return Object.entries(value).flatMap(([name, inner]): [string, Given][] => {
    const key = prefix + name;
    if (key === "dataDir") {
      const reason = "config.json lies in the data directory and cannot name it";
      const facts = { code: "BAD_OPTION", field: key, source, reason } as const;
      throw new ConfigError(`${key} (${source}): ${reason}`, facts, "use --data-dir");
    }
    if (optionAt(key) !== undefined) return [[key, { value: inner, source }]];
    if (!isRecord(inner)) throw unknownOption(key, source);
    return flatten(inner, `${key}.`, path);
  });
}

function place(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    target[name] = value;
    return;
  }
  const inner = isRecord(target[name]) ? target[name] : {};
  target[name] = inner;
  place(inner, rest, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param field key, variable or flag, as it was given */
function unknownOption(field: string, source: string): ConfigError {
  const replaced = REPLACED_OPTIONS.find(({ key, env, flag }) =>
    [key, env, `--${flag}`].includes(field),
  );
  if (replaced !== undefined) {
    return new ConfigError(
      `${field} (${source}) is not a setting any more: ${replaced.now}`,
      { code: "UNKNOWN_OPTION", field, source },
      "set these in its place and take it out; docs/configuration.md has their defaults",
    );
  }
  return new ConfigError(
    `${field} (${source}) is not a setting`,
    { code: "UNKNOWN_OPTION", field, source },
    "docs/configuration.md lists all settings; look for a typing mistake",
  );
}

function malformed(path: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError(
    `${path}: ${reason}`,
    { code: "CONFIG_MALFORMED", path, reason },
    'it must hold one JSON object, e.g. {"api": {"port": 9471}}',
    cause,
  );
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
