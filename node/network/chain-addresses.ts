/**
 * Where the nodes of the chain say that they listen: a way back for a node whose bootstrap nodes and known peers
 * are all gone. What is dialed has to prove that it is that node.
 */
import { peerIdOf } from "../../p2p/identity.ts";
import type { Chain } from "../chain/chain.ts";

export interface ChainAddressesModules {
  readonly chain: Chain;
  readonly host: { know(peer: string, addresses: readonly string[]): void };
}

export class ChainAddresses {
  readonly #modules: ChainAddressesModules;
  /** Nodes of the chain that were looked at; their addresses do not change. */
  #known = 0;

  constructor(modules: ChainAddressesModules) {
    this.#modules = modules;
    modules.chain.onBlock(() => this.look());
  }

  /** Tells the host of the nodes it has not been told of. */
  look(): void {
    const { chain, host } = this.#modules;
    const { nodes } = chain.state;
    for (; this.#known < nodes.length; this.#known++) {
      const { publicKey, endpoint } = nodes.at(this.#known);
      host.know(peerIdOf(publicKey), [new TextDecoder().decode(endpoint)]);
    }
  }
}
