/**
 * Paths as people write them in settings, variables and options. A shell expands `~` only at the start of a word, so
 * `--data-dir=~/node`, a service file or config.json pass it on unchanged.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ConfigError } from "./config-error.ts";

/**
 * Expands a leading `~` to the home directory; otherwise returns the path unchanged.
 * @param field the setting with the path, for the message
 * @throws ConfigError BAD_OPTION for an empty path, and for the home of another user
 */
export function expandPath(field: string, text: string): string {
  if (text === "") throw badPath(field, "is empty", "name a file or directory, or leave it out");
  if (text === "~") return homedir();
  if (text.startsWith("~/")) return join(homedir(), text.slice(2));
  if (!/^~[A-Za-z_]/.test(text)) return text;
  const reason = `${JSON.stringify(text)}: only ~/ is known, not another user's home`;
  throw badPath(field, reason, `write the whole path; a file of that name is ./${text}`);
}

/**
 * `expandPath`, then made absolute.
 * @throws ConfigError BAD_OPTION
 */
export function absolutePath(field: string, text: string): string {
  return resolve(expandPath(field, text));
}

function badPath(field: string, reason: string, remedy: string): ConfigError {
  const facts = { code: "BAD_OPTION", field, source: "path", reason } as const;
  return new ConfigError(`${field}: ${reason}`, facts, remedy);
}
