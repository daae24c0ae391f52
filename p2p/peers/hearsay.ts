/**
 * Decides which addresses this node believes, depending on who names them. Without this rule others could make a node
 * connect to machines inside its own network.
 */
import type { CheckedOptions } from "../options.ts";
import { isLoopback, usableAddresses } from "./addresses.ts";
import type { Roster } from "./roster.ts";
import { mayName, type Scope, scopeOf } from "./scope.ts";

/**
 * Filters addresses that the chain names, which anybody may have written: addresses within a network or on a machine
 * count only if this node is in that network or on that machine.
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

/**
 * Filters addresses that a peer names for others, by peer id: leaves out those in networks that the peer itself is not
 * in.
 */
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

/** The addresses that `asker` gets by peer exchange: those of other peers that reach as far as its own. */
export function toldTo(asker: string, roster: Roster, from: Scope): string[] {
  return roster
    .list()
    .filter((entry) => entry.peerId !== asker)
    .flatMap((entry) => entry.addresses)
    .filter((address) => mayName(from, scopeOf(address)));
}
