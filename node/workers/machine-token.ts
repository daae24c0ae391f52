/**
 * Tokens of machines: each follows from the node's worker token and the name of a machine. So the node stores none of
 * them, and the owner of one token cannot pretend to be another machine. A new worker token invalidates all of them.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

export function isMachineName(text: string): boolean {
  return NAME.test(text);
}

/** @param machine as `isMachineName` takes it */
export function machineToken(workerToken: string, machine: string): string {
  const mac = createHmac("sha256", workerToken).update(`poml/worker/${machine}`);
  return `${machine}.${mac.digest("base64url")}`;
}

export interface TokenHolder {
  /** Undefined: it has the node's own worker token, which may be on any machine. */
  readonly machine: string | undefined;
}

/** @returns undefined for an invalid token */
export function holderOf(given: string, workerToken: string): TokenHolder | undefined {
  if (isEqual(given, workerToken)) return { machine: undefined };
  const [machine = ""] = given.split(".", 1);
  if (!isMachineName(machine) || !isEqual(given, machineToken(workerToken, machine))) {
    return undefined;
  }
  return { machine };
}

/** Digests have equal lengths, so the time reveals neither length nor prefix. */
function isEqual(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
