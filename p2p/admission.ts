/**
 * Decides whether a new connection becomes a peer: the identify protocol must show that it speaks this network's
 * protocols, and the door must have a place for it. Until then the rest of the node does not know about the connection.
 */
import { randomInt } from "node:crypto";
import type { Connection, IdentifyResult, Libp2p } from "@libp2p/interface";
import { P2pError, reasonOf } from "./errors.ts";
import { publicKeyOf } from "./identity.ts";
import { networkOf, protocolId } from "./libp2p.ts";
import type { Log } from "./log.ts";
import type { CheckedOptions } from "./options.ts";
import { usableAddresses } from "./peers/addresses.ts";
import type { PeerBook } from "./peers/book.ts";
import type { Door } from "./peers/door.ts";
import { PEERS } from "./peers/exchange.ts";
import type { Roster } from "./peers/roster.ts";
import { mayName, scopeOf } from "./peers/scope.ts";

/** If we hung up at once, the dialer would not learn through identify that we are on another chain. */
const STRANGER_MS = 1_000;

export interface AdmissionModules {
  readonly door: Door;
  readonly roster: Roster;
  readonly book: PeerBook;
  readonly log: Log;
  now(): number;
  hangUp(peer: string): void;
  /** Called for a peer that was not connected before. */
  onNew(peer: string): void;
}

export class Admission {
  readonly #options: Pick<CheckedOptions, "network" | "timeouts">;
  readonly #modules: AdmissionModules;

  constructor(options: Pick<CheckedOptions, "network" | "timeouts">, modules: AdmissionModules) {
    this.#options = options;
    this.#modules = modules;
  }

  watch(node: Libp2p): void {
    node.addEventListener("connection:open", ({ detail }) => this.#expectIdentify(detail));
    node.addEventListener("peer:identify", ({ detail }) => this.#onIdentify(detail));
    node.addEventListener("peer:disconnect", ({ detail }) => this.#onDisconnect(detail.toString()));
  }

  /** Closes a connection whose peer does not identify itself in time. */
  #expectIdentify(connection: Connection): void {
    const { roster, hangUp } = this.#modules;
    const peer = connection.remotePeer.toString();
    const timer = setTimeout(() => {
      if (roster.get(peer) === undefined) hangUp(peer);
    }, this.#options.timeouts.identifyMs);
    connection.addEventListener("close", () => clearTimeout(timer), { once: true });
  }

  #onIdentify(result: IdentifyResult): void {
    const { connection } = result;
    const peer = result.peerId.toString();
    if (connection.status !== "open") return;
    try {
      this.#admit(peer, result);
    } catch (error) {
      this.#refuse(peer, connection, error);
      return;
    }
    const { roster, book, onNew } = this.#modules;
    const remote = connection.remoteAddr.toString();
    const addresses = usableAddresses(peer, result.listenAddrs.map(String)).filter((address) =>
      mayName(scopeOf(remote), scopeOf(address)),
    );
    const isNew = roster.get(peer) === undefined;
    book.learn(peer, addresses);
    book.connected(peer);
    roster.accept(peer, remote, connection.direction, addresses);
    if (isNew) onNew(peer);
  }

  /** @throws P2pError BAD_PEER_ID, WRONG_NETWORK, and whatever the door throws */
  #admit(peer: string, { protocols, connection }: IdentifyResult): void {
    const { network } = this.#options;
    publicKeyOf(peer);
    if (!protocols.includes(protocolId(network, PEERS.name))) {
      throw wrongNetwork(peer, network, networkOf(protocols, PEERS.name));
    }
    const { direction, remoteAddr } = connection;
    const remote = remoteAddr.toString();
    const gone = this.#modules.door.admit({ peerId: peer, direction, remote });
    if (gone === undefined) return;
    const { roster, log, hangUp } = this.#modules;
    log.debug("peer gives way to another", { peer: gone });
    roster.remove(gone);
    hangUp(gone);
  }

  #refuse(peer: string, connection: Connection, error: unknown): void {
    const { roster, log, hangUp } = this.#modules;
    log.debug("peer refused", { peer, reason: reasonOf(error) });
    roster.refuse(peer, error instanceof Error ? error : new Error(reasonOf(error)));
    const isStranger = error instanceof P2pError && error.code === "WRONG_NETWORK";
    if (!isStranger || connection.direction === "outbound") hangUp(peer);
    else setTimeout(() => hangUp(peer), STRANGER_MS).unref();
  }

  #onDisconnect(peer: string): void {
    const { roster, book, now } = this.#modules;
    book.disconnected(peer, now(), randomInt(1000) / 1000);
    roster.remove(peer);
    const reason = "the connection was closed";
    const facts = { code: "DIAL_FAILED", address: peer, reason } as const;
    roster.refuse(peer, new P2pError(`cannot connect to ${peer}: ${reason}`, facts));
  }
}

function wrongNetwork(peer: string, network: string, actual: string | undefined): P2pError {
  const theirs = actual === undefined ? "is no PoML node" : `is on chain ${actual}…`;
  return new P2pError(
    `${peer} ${theirs}, we are on ${network}…`,
    { code: "WRONG_NETWORK", peer, expected: network, actual: actual ?? "none" },
    { action: "ignore", remedy: "check that both nodes use the same genesis file" },
  );
}
