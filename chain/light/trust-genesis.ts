/** The start of a light client that trusts the genesis. It is a separate file because it imports all the rules. */
import { genesisHead } from "../genesis.ts";
import type { Head } from "../head.ts";
import type { Genesis } from "../types/genesis.ts";
import { Seats } from "../types/state.ts";
import type { Trusted } from "./trusted.ts";

/** @throws GenesisError */
export function trustGenesis(genesis: Genesis): Trusted {
  return trustGenesisHead(genesisHead(genesis));
}

/** @param head the head before block 1 */
export function trustGenesisHead({ state, hash }: Head): Trusted {
  return {
    genesisRoot: hash,
    height: 0,
    hash,
    time: state.meta.time,
    header: undefined,
    seats: state.seats,
    appointed: [state.seats, state.nextSeats].map((seats) => Seats.hashTreeRoot([...seats])),
  };
}
