/**
 * The addresses at which the nodes of the chain say that they listen: a way back for a node whose bootstrap nodes and
 * known peers are all gone. A node that is dialed must prove its identity.
 */
import { peerIdOf } from "../../p2p/identity.ts";
import type { Chain } from "../chain/chain.ts";

export interface ChainAddressesModules {
  readonly chain: Chain;
  readonly host: { know(peer: string, addresses: readonly string[]): void };
}

export class ChainAddresses {
  readonly #modules: ChainAddressesModules;
  /** The number of the chain's nodes that have been read; their addresses do not change. */
  #known = 0;

  constructor(modules: ChainAddressesModules) {
    this.#modules = modules;
    modules.chain.onBlock(() => this.look());
  }

  /** Passes to the host the nodes that it does not know yet. */
  look(): void {
    const { chain, host } = this.#modules;
    const { nodes } = chain.state;
    for (; this.#known < nodes.length; this.#known++) {
      const { publicKey, endpoint } = nodes.at(this.#known);
      host.know(peerIdOf(publicKey), [new TextDecoder().decode(endpoint)]);
    }
  }
}
