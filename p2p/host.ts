/**
 * The node's door to other nodes: who is connected, streams to them, gossip, and the score that decides who
 * may stay. Peers are named by their peer id (text) everywhere outside this file. A connection becomes a peer
 * once identify has shown that it speaks this network's protocols; until then nobody hears of it.
 */
import { randomInt } from "node:crypto";
import type { Connection, IdentifyResult, Libp2p, PeerId, StreamHandler } from "@libp2p/interface";
import { PomlError } from "../chain/errors.ts";
import { Dialer } from "./dialer.ts";
import { P2pError, reasonOf } from "./errors.ts";
import { publicKeyOf } from "./identity.ts";
import { createNode, networkOf, protocolId, type Services } from "./libp2p.ts";
import type { Log } from "./log.ts";
import { type CheckedOptions, checkAddress, checkOptions, type HostOptions } from "./options.ts";
import { isLoopback, peerOf, usableAddresses } from "./peers/addresses.ts";
import { PeerBook } from "./peers/book.ts";
import { BootstrapList, type BootstrapPeer } from "./peers/bootstrap.ts";
import { Connector } from "./peers/connector.ts";
import { CutOffs } from "./peers/cut-offs.ts";
import { Door } from "./peers/door.ts";
import { askPeers, PEERS, servePeers } from "./peers/exchange.ts";
import { type Peer, type PeerEvent, Roster } from "./peers/roster.ts";
import { mayName, type Scope, scopeOf } from "./peers/scope.ts";
import { ScoreBook } from "./peers/score.ts";
import { keptPlaces } from "./peers/slots.ts";
import { Asking } from "./protocols/asking.ts";
import { openStream } from "./protocols/open-stream.ts";
import { type ByteStream, fromLibp2p } from "./protocols/stream.ts";
import type { StreamHost } from "./protocols/stream-host.ts";
import type { TopicHandler } from "./topics/gossip.ts";
import { Pubsub } from "./topics/pubsub.ts";
import type { TopicName } from "./topics/topics.ts";

export interface HostModules {
  readonly log: Log;
  /** Monotonic milliseconds; the process clock unless a test says otherwise. */
  now?(): number;
  /** Whether a peer with this key goes before others that come: it votes on this chain. Default: nobody. */
  isFavoured?(publicKey: Uint8Array): boolean;
}

export interface PeerInfo extends Peer {
  /** Last measured round trip; undefined until the first ping, up to 10 s after connecting. */
  readonly latencyMs: number | undefined;
  /** 0 for a good record, negative after offences. */
  readonly score: number;
}

/** A peer this node refuses. */
export interface RefusedPeer {
  readonly peerId: string;
  /** `disconnect` until its score has healed a little; `banned` for half an hour. */
  readonly standing: "disconnect" | "banned";
  readonly code: string;
  readonly reason: string;
  readonly score: number;
  /** Until it may come back. */
  readonly remainingMs: number;
}

const HANG_UP_MS = 2_000;
/** A dialer learns by identify that we are on another chain, if we do not hang up before it has. */
const STRANGER_MS = 1_000;

/** A host that is not listening yet. */
export async function createHost(options: HostOptions, modules: HostModules): Promise<Host> {
  const checked = checkOptions(options);
  const now = modules.now ?? (() => performance.now());
  const scores = new ScoreBook();
  const denied = (peer: PeerId): boolean => scores.standing(peer.toString(), now()) !== "good";
  const node = await createNode(checked, {
    score: (peer) => scores.score(peer, now()),
    gater: {
      denyDialPeer: denied,
      denyInboundEncryptedConnection: denied,
      denyOutboundEncryptedConnection: denied,
    },
  });
  const isFavoured = modules.isFavoured ?? (() => false);
  const host = new Host(checked, { log: modules.log, now, node, scores, isFavoured });
  await servePeers(host, (asker) => host.addressesFor(asker));
  return host;
}

interface Collaborators {
  readonly log: Log;
  now(): number;
  readonly node: Libp2p<Services>;
  readonly scores: ScoreBook;
  isFavoured(publicKey: Uint8Array): boolean;
}

export class Host implements StreamHost {
  readonly peerId: string;
  readonly publicKey: Uint8Array;
  readonly log: Log;
  readonly asking: Asking;
  readonly #options: CheckedOptions;
  readonly #node: Libp2p<Services>;
  readonly #scores: ScoreBook;
  readonly #clock: () => number;
  readonly #roster = new Roster();
  readonly #book = new PeerBook();
  readonly #bootstrap: BootstrapList;
  readonly #cutOffs = new CutOffs();
  readonly #door: Door;
  readonly #dialer: Dialer;
  readonly #connector: Connector;
  readonly #pubsub: Pubsub;

  /** Use `createHost`. */
  constructor(options: CheckedOptions, collaborators: Collaborators) {
    const { log, now, node, scores, isFavoured } = collaborators;
    this.#options = options;
    this.#node = node;
    this.#scores = scores;
    this.#clock = now;
    this.log = log;
    this.asking = new Asking(now);
    this.peerId = node.peerId.toString();
    this.publicKey = publicKeyOf(this.peerId);
    const others = options.bootstrap.filter((address) => peerOf(address) !== this.peerId);
    for (const address of others) this.#book.addBootstrap(peerOf(address) ?? address, address);
    this.#bootstrap = new BootstrapList(others);
    const isOwners = (peer: string): boolean => others.some((address) => peerOf(address) === peer);
    this.#door = new Door(options, {
      roster: this.#roster,
      scores,
      isFavoured: (peer, publicKey) => isOwners(peer) || isFavoured(publicKey),
      now,
    });
    const { timeouts } = options;
    const bootstrap = this.#bootstrap;
    this.#dialer = new Dialer(timeouts, { node, roster: this.#roster, scores, bootstrap, now });
    this.#pubsub = new Pubsub(node.services.pubsub, (topic) => this.#wire(topic), {
      log,
      now,
      report: (peer, error) => this.report(peer, error),
    });
    this.#connector = new Connector(
      this.#book,
      {
        peerId: this.peerId,
        dialTarget: (target) => this.#dialer.dialKnown(target),
        ask: (peer) => this.#ask(peer),
        connectedPeers: () => this.#roster.list(),
        now,
        log,
      },
      {
        wantedPeers: Math.ceil(options.maxPeers / 2),
        wantedOutbound: keptPlaces(options.maxPeers),
        random: () => randomInt(1 << 30) / (1 << 30),
      },
    );
    node.addEventListener("connection:open", ({ detail }) => this.#expectIdentify(detail));
    node.addEventListener("peer:identify", ({ detail }) => this.#onIdentify(detail));
    node.addEventListener("peer:disconnect", ({ detail }) => this.#onDisconnect(detail.toString()));
  }

  /** @throws P2pError PORT_IN_USE */
  async start(): Promise<void> {
    try {
      await this.#node.start();
    } catch (error) {
      await this.#node.stop();
      throw listenError(error, this.#options.listen);
    }
    this.#pubsub.start();
    this.#connector.start();
    this.log.info("p2p started", { peerId: this.peerId, addresses: this.multiaddrs() });
  }

  async stop(): Promise<void> {
    this.#connector.stop();
    this.#pubsub.stop();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.log.warn("p2p stop took too long", { timeoutMs: this.#options.timeouts.stopMs });
        resolve();
      }, this.#options.timeouts.stopMs);
    });
    await Promise.race([this.#node.stop(), late]).finally(() => clearTimeout(timer));
    for (const { peerId } of this.#roster.list()) this.#roster.remove(peerId);
  }

  /** Our own addresses, ending in `/p2p/ID`: what another node's `bootstrap` needs. */
  multiaddrs(): string[] {
    return this.#node.getMultiaddrs().map(String);
  }

  /** The accepted peers. */
  peers(): PeerInfo[] {
    return this.#roster.list().map(({ addresses: _, remote: __, ...peer }) => ({
      ...peer,
      latencyMs: this.#connectionTo(peer.peerId)?.rtt,
      score: this.#scores.score(peer.peerId, this.now()),
    }));
  }

  /** What became of each bootstrap address but our own: none for a node that founds a network. */
  bootstrap(): BootstrapPeer[] {
    return this.#bootstrap.list((peer) => this.#roster.get(peer) !== undefined);
  }

  /** Peers that are refused now for their behaviour. */
  refused(): RefusedPeer[] {
    const now = this.now();
    const isRefused = (peer: string): boolean => this.#scores.standing(peer, now) !== "good";
    return this.#cutOffs.list(isRefused).map(({ peer, standing, code, reason }) => ({
      peerId: peer,
      standing,
      code,
      reason,
      score: this.#scores.score(peer, now),
      remainingMs: Math.max(0, this.#scores.deniedUntil(peer, now) - now),
    }));
  }

  /**
   * Addresses where the chain says that a peer listens, dialed when peers are wanted. Anybody may have written them,
   * so those within a network or a machine count only where this node is one of that network or machine.
   */
  know(peer: string, addresses: readonly string[]): void {
    if (peer === this.peerId) return;
    const { listen, bootstrap } = this.#options;
    const from = listen.every(isLoopback) ? "loopback" : "public";
    const isNear = [...listen, ...bootstrap].some((address) => scopeOf(address) === "private");
    const usable = usableAddresses(peer, addresses).filter((address) =>
      mayName(isNear && from !== "loopback" ? "private" : from, scopeOf(address)),
    );
    this.#book.learn(peer, usable);
  }

  /** Returns the function that stops listening. */
  onPeer(listener: (event: PeerEvent) => void): () => void {
    return this.#roster.onChange(listener);
  }

  /**
   * Connects to a multiaddr and returns the peer id behind it, once accepted.
   * @throws P2pError BAD_ADDRESS, DIAL_FAILED, PEER_DENIED, WRONG_NETWORK
   */
  async dial(address: string): Promise<string> {
    checkAddress("address", address);
    return this.#dialer.dial({ name: peerOf(address) ?? address, addresses: [address] });
  }

  /** Sends to every peer that follows the topic; returns how many that were. */
  publish(topic: TopicName, message: Uint8Array): Promise<number> {
    return this.#pubsub.publish(topic, message);
  }

  /** One handler a topic; call it before or after `start`. Our own messages do not come back. */
  subscribe(topic: TopicName, handler: TopicHandler): void {
    this.#pubsub.subscribe(topic, handler);
  }

  /** How many peers follow a topic: those a message of ours reaches in one hop. */
  subscribers(topic: TopicName): number {
    return this.#pubsub.subscribers(topic);
  }

  /** Lowers the peer's score by what the error costs; an offender past the limits is cut off. */
  report(peer: string, error: unknown): void {
    if (!(error instanceof PomlError) || peer === this.peerId) return;
    const standing = this.#scores.report(peer, error, this.now());
    if (error.action === "reject") {
      this.log.warn("peer misbehaved", { peer, code: error.code, reason: error.message, standing });
    }
    if (standing !== "good") this.#cutOff(peer, standing, error);
  }

  #cutOff(peer: string, standing: "disconnect" | "banned", { code, message }: PomlError): void {
    const atMs = this.now();
    const score = this.#scores.score(peer, atMs);
    const reason = message;
    if (this.#cutOffs.add({ peer, standing, code: String(code), reason, score, atMs })) {
      const seconds = Math.ceil((this.#scores.deniedUntil(peer, atMs) - atMs) / 1000);
      const address = this.#roster.get(peer)?.address;
      const facts = { peer, address, standing, code, reason, score: Math.round(score), seconds };
      this.log.warn("peer cut off", facts);
    }
    this.#hangUp(peer);
  }

  now(): number {
    return this.#clock();
  }

  /** @throws P2pError NOT_CONNECTED, UNSUPPORTED_PROTOCOL, STREAM_FAILED */
  async openStream(peer: string, protocol: string, signal: AbortSignal): Promise<ByteStream> {
    const connection = this.#connectionTo(peer);
    if (connection === undefined) {
      throw new P2pError(`not connected to ${peer}`, { code: "NOT_CONNECTED", peer });
    }
    return openStream(connection, { protocol, wire: this.#wire(protocol) }, signal);
  }

  async onStream(
    protocol: string,
    handler: (stream: ByteStream, peer: string) => Promise<void>,
    maxStreams: number,
  ): Promise<void> {
    const onStream: StreamHandler = (stream, connection) => {
      const peer = connection.remotePeer.toString();
      handler(fromLibp2p(stream), peer).catch((error: unknown) => {
        this.log.error("stream handler failed", { protocol, peer, reason: reasonOf(error) });
        stream.abort(error instanceof Error ? error : new Error(reasonOf(error)));
      });
    };
    await this.#node.handle(this.#wire(protocol), onStream, { maxInboundStreams: maxStreams });
  }

  /** What peer exchange tells `asker`: addresses of others that reach as far as it does. */
  addressesFor(asker: string): string[] {
    const from = this.#scopeOf(asker);
    return this.#roster
      .list()
      .filter((entry) => entry.peerId !== asker)
      .flatMap((entry) => entry.addresses)
      .filter((address) => mayName(from, scopeOf(address)));
  }

  /** Addresses that a peer tells of others, without those in networks it is not in: it cannot make us dial there. */
  async #ask(peer: string): Promise<Map<string, string[]>> {
    const from = this.#scopeOf(peer);
    const told = await askPeers(this, peer);
    return new Map(
      [...told].map(([name, addresses]) => [
        name,
        addresses.filter((address) => mayName(from, scopeOf(address))),
      ]),
    );
  }

  #scopeOf(peer: string): Scope {
    const connection = this.#connectionTo(peer);
    return connection === undefined ? "public" : scopeOf(connection.remoteAddr.toString());
  }

  #wire(name: string): string {
    return protocolId(this.#options.network, name);
  }

  #connectionTo(peer: string): Connection | undefined {
    return this.#node
      .getConnections()
      .findLast(({ remotePeer, status }) => status === "open" && remotePeer.toString() === peer);
  }

  /** A connection that never says what it speaks is not kept. */
  #expectIdentify(connection: Connection): void {
    const peer = connection.remotePeer.toString();
    const timer = setTimeout(() => {
      if (this.#roster.get(peer) === undefined) this.#hangUp(peer);
    }, this.#options.timeouts.identifyMs);
    connection.addEventListener("close", () => clearTimeout(timer), { once: true });
  }

  #onIdentify({ peerId, protocols, listenAddrs, connection }: IdentifyResult): void {
    const peer = peerId.toString();
    if (connection.status !== "open") return;
    try {
      publicKeyOf(peer);
      if (!protocols.includes(this.#wire(PEERS.name))) {
        throw wrongNetwork(peer, this.#options, networkOf(protocols, PEERS.name));
      }
      const { direction, remoteAddr } = connection;
      const gone = this.#door.admit({ peerId: peer, direction, remote: remoteAddr.toString() });
      if (gone !== undefined) this.#giveWay(gone);
    } catch (error) {
      this.log.debug("peer refused", { peer, reason: reasonOf(error) });
      this.#roster.refuse(peer, error instanceof Error ? error : new Error(reasonOf(error)));
      const isStranger = error instanceof P2pError && error.code === "WRONG_NETWORK";
      if (!isStranger || connection.direction === "outbound") this.#hangUp(peer);
      else setTimeout(() => this.#hangUp(peer), STRANGER_MS).unref();
      return;
    }
    const remote = connection.remoteAddr.toString();
    const addresses = usableAddresses(peer, listenAddrs.map(String)).filter((address) =>
      mayName(scopeOf(remote), scopeOf(address)),
    );
    const isNew = this.#roster.get(peer) === undefined;
    this.#book.learn(peer, addresses);
    this.#book.connected(peer);
    this.#roster.accept(peer, remote, connection.direction, addresses);
    if (isNew) this.#connector.connected(peer);
  }

  #giveWay(peer: string): void {
    this.log.debug("peer gives way to another", { peer });
    this.#roster.remove(peer);
    this.#hangUp(peer);
  }

  #onDisconnect(peer: string): void {
    this.#book.disconnected(peer, this.now(), randomInt(1000) / 1000);
    this.#roster.remove(peer);
    const reason = "the connection was closed";
    const facts = { code: "DIAL_FAILED", address: peer, reason } as const;
    this.#roster.refuse(peer, new P2pError(`cannot connect to ${peer}: ${reason}`, facts));
  }

  /** Closes in good order: an aborted WebSocket of libp2p's stays open and the other side hears nothing. */
  #hangUp(peer: string): void {
    for (const connection of this.#node.getConnections()) {
      if (connection.remotePeer.toString() !== peer) continue;
      connection
        .close({ signal: AbortSignal.timeout(HANG_UP_MS) })
        .catch((error: unknown) => connection.abort(new Error(reasonOf(error))));
    }
  }
}

function wrongNetwork(
  peer: string,
  { network }: CheckedOptions,
  actual: string | undefined,
): P2pError {
  const theirs = actual === undefined ? "is no PoML node" : `is on chain ${actual}…`;
  return new P2pError(
    `${peer} ${theirs}, we are on ${network}…`,
    { code: "WRONG_NETWORK", peer, expected: network, actual: actual ?? "none" },
    { action: "ignore", remedy: "check that both nodes use the same genesis file" },
  );
}

/** Names the port that is taken; any other start failure passes as it is. */
function listenError(error: unknown, listen: readonly string[]): unknown {
  const taken = /EADDRINUSE[^\n]*?(\S+:\d+)/.exec(reasonOf(error))?.[1];
  if (taken === undefined) return error;
  return new P2pError(
    `p2p: ${taken} is in use by another program (asked for ${listen.join(", ")})`,
    { code: "PORT_IN_USE", address: taken, option: "listen" },
    { cause: error, remedy: "stop the other program or choose another port in option listen" },
  );
}
