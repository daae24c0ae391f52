/** Which addresses of other peers count, by who names them: nobody can make a node knock inside its own network. */
import type { CheckedOptions } from "../options.ts";
import { isLoopback, usableAddresses } from "./addresses.ts";
import type { Roster } from "./roster.ts";
import { mayName, type Scope, scopeOf } from "./scope.ts";

/**
 * Of those that the chain names, where anybody may have written them: those within a network or a machine count only
 * where this node is one of that network or machine.
 */
export function believedOfChain(
  peer: string,
  addresses: readonly string[],
  { listen, bootstrap }: Pick<CheckedOptions, "listen" | "bootstrap">,
): string[] {
  const from = listen.every(isLoopback) ? "loopback" : "public";
  const isNear = [...listen, ...bootstrap].some((address) => scopeOf(address) === "private");
  return usableAddresses(peer, addresses).filter((address) =>
    mayName(isNear && from !== "loopback" ? "private" : from, scopeOf(address)),
  );
}

/** Of those that a peer tells of others, by peer id: without those in networks it is not in. */
export function believedOf(
  told: ReadonlyMap<string, readonly string[]>,
  from: Scope,
): Map<string, string[]> {
  return new Map(
    [...told].map(([name, addresses]) => [
      name,
      addresses.filter((address) => mayName(from, scopeOf(address))),
    ]),
  );
}

/** What peer exchange tells `asker`: addresses of others that reach as far as it does. */
export function toldTo(asker: string, roster: Roster, from: Scope): string[] {
  return roster
    .list()
    .filter((entry) => entry.peerId !== asker)
    .flatMap((entry) => entry.addresses)
    .filter((address) => mayName(from, scopeOf(address)));
}
