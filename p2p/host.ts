/**
 * This node's connections to other nodes: the connected peers, streams to them, gossip, and the score that decides
 * which peers may stay. Outside this file a peer is always named by its peer id (text). `admission.ts` decides how a
 * connection becomes a peer.
 */
import { randomInt } from "node:crypto";
import type { Connection, Libp2p, PeerId, StreamHandler } from "@libp2p/interface";
import { Admission } from "./admission.ts";
import { Dialer } from "./dialer.ts";
import { P2pError, reasonOf } from "./errors.ts";
import { publicKeyOf } from "./identity.ts";
import { createNode, protocolId, type Services } from "./libp2p.ts";
import type { Log } from "./log.ts";
import { type CheckedOptions, checkAddress, checkOptions, type HostOptions } from "./options.ts";
import { peerOf } from "./peers/addresses.ts";
import { PeerBook } from "./peers/book.ts";
import { BootstrapList, type BootstrapPeer } from "./peers/bootstrap.ts";
import { Connector } from "./peers/connector.ts";
import { Door } from "./peers/door.ts";
import { askPeers, servePeers } from "./peers/exchange.ts";
import { believedOf, believedOfChain, toldTo } from "./peers/hearsay.ts";
import { type RefusedPeer, Reputation } from "./peers/reputation.ts";
import { type Peer, type PeerEvent, Roster } from "./peers/roster.ts";
import { type Scope, scopeOf } from "./peers/scope.ts";
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
  /** Monotonic milliseconds; default: the clock of the process. */
  now?(): number;
  /**
   * Whether a peer with this key takes precedence over other incoming peers, because it votes on this chain. Default:
   * no peer does.
   */
  isFavoured?(publicKey: Uint8Array): boolean;
}

export interface PeerInfo extends Peer {
  /** Last measured round trip; undefined until the first ping, up to 10 s after connecting. */
  readonly latencyMs: number | undefined;
  /** 0 for a good record, negative after offences. */
  readonly score: number;
}

const HANG_UP_MS = 2_000;
/** Creates a host that does not listen yet. */
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
  readonly #reputation: Reputation;
  readonly #dialer: Dialer;
  readonly #connector: Connector;
  readonly #pubsub: Pubsub;

  /** For `createHost` only. */
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
    const door = new Door(options, {
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
        ask: async (peer) => {
          const from = this.#scopeOf(peer);
          return believedOf(await askPeers(this, peer), from);
        },
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
    const hangUp = (peer: string): void => this.#hangUp(peer);
    const addressOf = (peer: string): string | undefined => this.#roster.get(peer)?.address;
    this.#reputation = new Reputation({ scores, log, now, addressOf, hangUp });
    const [roster, book] = [this.#roster, this.#book];
    const onNew = (peer: string): void => this.#connector.connected(peer);
    new Admission(options, { door, roster, book, log, now, hangUp, onNew }).watch(node);
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

  /** Our own addresses, each ending in `/p2p/ID`. These are what another node puts into its `bootstrap` option. */
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

  /** The state of each bootstrap address except our own; empty for a node that founds a network. */
  bootstrap(): BootstrapPeer[] {
    return this.#bootstrap.list((peer) => this.#roster.get(peer) !== undefined);
  }

  /** Peers that this node refuses now because of their behaviour. */
  refused(): RefusedPeer[] {
    return this.#reputation.refused();
  }

  /** Adds addresses that the chain gives for a peer. They are dialed when this node wants more peers. */
  know(peer: string, addresses: readonly string[]): void {
    if (peer === this.peerId) return;
    this.#book.learn(peer, believedOfChain(peer, addresses, this.#options));
  }

  /** @returns a function that removes the listener */
  onPeer(listener: (event: PeerEvent) => void): () => void {
    return this.#roster.onChange(listener);
  }

  /**
   * Connects to a multiaddr and returns the id of the peer there, once this node has accepted it.
   * @throws P2pError BAD_ADDRESS, DIAL_FAILED, PEER_DENIED, WRONG_NETWORK
   */
  async dial(address: string): Promise<string> {
    checkAddress("address", address);
    return this.#dialer.dial({ name: peerOf(address) ?? address, addresses: [address] });
  }

  /**
   * Sends to every peer that follows the topic.
   * @returns how many peers that were
   */
  publish(topic: TopicName, message: Uint8Array): Promise<number> {
    return this.#pubsub.publish(topic, message);
  }

  /** Each topic has one handler; call this before or after `start`. The handler does not receive our own messages. */
  subscribe(topic: TopicName, handler: TopicHandler): void {
    this.#pubsub.subscribe(topic, handler);
  }

  /** How many peers follow a topic: one hop takes a message of ours to all of them. */
  subscribers(topic: TopicName): number {
    return this.#pubsub.subscribers(topic);
  }

  /** Lowers the peer's score by what the error costs. A peer whose score falls too low is disconnected. */
  report(peer: string, error: unknown): void {
    if (peer !== this.peerId) this.#reputation.report(peer, error);
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

  /** The addresses that `asker` gets by peer exchange: those of other peers that reach as far as its own. */
  addressesFor(asker: string): string[] {
    return toldTo(asker, this.#roster, this.#scopeOf(asker));
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

  /** Closes the connection properly. An aborted WebSocket of libp2p stays open, and the other side does not notice. */
  #hangUp(peer: string): void {
    for (const connection of this.#node.getConnections()) {
      if (connection.remotePeer.toString() !== peer) continue;
      connection
        .close({ signal: AbortSignal.timeout(HANG_UP_MS) })
        .catch((error: unknown) => connection.abort(new Error(reasonOf(error))));
    }
  }
}

/** Turns the error of a port in use into PORT_IN_USE; returns any other error unchanged. */
function listenError(error: unknown, listen: readonly string[]): unknown {
  const taken = /EADDRINUSE[^\n]*?(\S+:\d+)/.exec(reasonOf(error))?.[1];
  if (taken === undefined) return error;
  return new P2pError(
    `p2p: ${taken} is in use by another program (asked for ${listen.join(", ")})`,
    { code: "PORT_IN_USE", address: taken, option: "listen" },
    { cause: error, remedy: "stop the other program or choose another port in option listen" },
  );
}
