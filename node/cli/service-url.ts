/** Parses the address of a node: it must be a whole URL, because a bare host and port is ambiguous. */
import { usageError } from "./exit-codes.ts";

/**
 * @param field the option or variable with the address
 * @param protocols the allowed ones, the usual one first, e.g. `http`
 * @throws CliError BAD_ARGUMENT, with the URL that was probably meant
 */
export function checkServiceUrl(
  field: string,
  text: string,
  protocols: readonly string[],
  example: string,
): URL {
  const url = parse(text);
  if (url !== undefined && protocols.includes(url.protocol.replace(/:$/, ""))) return url;
  const names = protocols.map((name) => `${name}://`).join(" or ");
  const meant = parse(`${protocols[0]}://${text.trim()}`);
  const isBare = !text.includes("://") && meant !== undefined && meant.hostname !== "";
  throw usageError(
    field,
    `${JSON.stringify(text)} is no ${names} URL`,
    isBare ? `give it as ${protocols[0]}://${text.trim()}` : `e.g. ${example}`,
  );
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
