/** What a node keeps about the newest final block besides the state. */
import type { Head } from "../../chain/head.ts";
import type { Certificate, Header } from "../../chain/types/block.ts";
import type { Seat } from "../../chain/types/node.ts";
import type { ChainStore } from "../store/chain-store.ts";

/** The last final block, and the certificate for it. */
export interface ChainTip {
  readonly header: Header | undefined;
  readonly certificate: Certificate | undefined;
  readonly seats: readonly Seat[];
}

/** @param head the newest state in the store */
export async function readTip(store: ChainStore, { state }: Head): Promise<ChainTip> {
  const last = state.height === 0 ? undefined : await store.block(state.height);
  return {
    header: last?.block.header,
    certificate: last?.certificate,
    seats: (await store.tipSeats()) ?? state.seats,
  };
}
