/**
 * Configures the libp2p node under the host, and gives the reason for each setting: WebSockets, Noise, yamux, identify,
 * ping, and gossipsub tuned for networks that start with two to four nodes. No other file configures libp2p.
 */
import { createHash } from "node:crypto";
import { type GossipSub, gossipsub, StrictNoSign } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import type { ConnectionGater, Libp2p } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { type Ping, ping } from "@libp2p/ping";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { privateKeyOf } from "./identity.ts";
import type { CheckedOptions } from "./options.ts";
import { MAX_STREAMS } from "./protocols/open-stream.ts";
import { guardedWebSockets } from "./socket-guard.ts";
import { MAX_TOPIC_BYTES, TOPICS } from "./topics/topics.ts";

export interface Services extends Record<string, unknown> {
  readonly identify: Identify;
  readonly ping: Ping;
  readonly pubsub: GossipSub;
}

export interface NodeModules {
  readonly gater: ConnectionGater;
  /** The host's score of a peer: 0 or less. */
  score(peer: string): number;
}

/** Protocol names on the wire contain the network, so that nodes of other chains have no protocol in common with us. */
export function protocolId(network: string, name: string): string {
  return `/poml/${network}/${name}/1`;
}

/**
 * The network that a node follows, read from the name of a protocol that every node speaks; undefined where it is no
 * PoML node.
 */
export function networkOf(protocols: readonly string[], name: string): string | undefined {
  const found = protocols.map((protocol) => /^\/poml\/([0-9a-f]{16})\/(\w+)\//.exec(protocol));
  return found.find((match) => match?.[2] === name)?.[1];
}

/** Room for gossipsub's own fields around the largest message. */
const ENVELOPE_BYTES = 64 * 1024;
/** Nodes behind one address (a devnet, an office) connect in bursts; libp2p's default is 5 a second. */
const INBOUND_PER_SECOND = 50;
const MAX_PENDING = 64;

/** Creates a libp2p node that is not started. */
export async function createNode(
  options: CheckedOptions,
  modules: NodeModules,
): Promise<Libp2p<Services>> {
  const { network, timeouts, maxPeers } = options;
  // Two nodes that dial each other at once hold two connections for a while.
  const maxConnections = 2 * maxPeers + 8;
  return createLibp2p<Services>({
    start: false,
    privateKey: await privateKeyOf(options.seed),
    nodeInfo: { name: "poml", version: "1", userAgent: "poml/1" },
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    transports: [
      guardedWebSockets({
        handshakeMs: timeouts.dialMs,
        sockets: maxConnections + 2 * MAX_PENDING,
        pendingPerAddress: MAX_PENDING,
      }),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: MAX_STREAMS,
        maxOutboundStreams: MAX_STREAMS,
        // Unread bytes that a stream may hold. The limit must stay below the stream's read buffer of 4 MiB; otherwise
        // the stream is reset.
        streamOptions: { maxStreamWindowSize: 1024 * 1024 },
      }),
    ],
    connectionGater: modules.gater,
    connectionManager: {
      maxConnections,
      maxParallelDials: 16,
      maxDialQueueLength: 64,
      dialTimeout: timeouts.dialMs,
      addressDialTimeout: timeouts.dialMs,
      inboundUpgradeTimeout: timeouts.dialMs,
      inboundConnectionThreshold: INBOUND_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING,
      // Only the connector redials; a second back-off would work against its own.
      reconnectRetries: 0,
    },
    connectionMonitor: {
      pingInterval: 10_000,
      // A node whose processor is busy answers late, which is no reason to disconnect it.
      pingTimeout: { minTimeout: 20_000, maxTimeout: 30_000 },
    },
    services: {
      identify: identify({ timeout: timeouts.identifyMs }),
      ping: ping(),
      pubsub: gossipsub({
        // The envelope names no author: the contents carry their own signatures.
        globalSignaturePolicy: StrictNoSign,
        msgIdFn: ({ topic, data }) =>
          createHash("sha256").update(topic).update("\0").update(data).digest().subarray(0, 20),
        allowedTopics: Object.keys(TOPICS).map((topic) => protocolId(network, topic)),
        maxInboundDataLength: MAX_TOPIC_BYTES + ENVELOPE_BYTES,
        // Our own messages go to every peer directly: a vote takes one hop and does not wait for a mesh.
        floodPublish: true,
        fallbackToFloodsub: false,
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        // In a small network all nodes are one mesh; in a large one the degree bounds the number of copies.
        D: 8,
        Dlo: 6,
        Dhi: 12,
        Dout: 2,
        Dlazy: 6,
        // A peer that subscribes after a message was published gets it by gossip within one or two heartbeats.
        heartbeatInterval: 500,
        mcacheGossip: 6,
        mcacheLength: 12,
        seenTTL: 120_000,
        doPX: false,
        scoreParams: {
          appSpecificScore: modules.score,
          appSpecificWeight: 1,
          // A devnet runs many nodes on one address.
          IPColocationFactorWeight: 0,
          behaviourPenaltyWeight: -1,
          behaviourPenaltyThreshold: 6,
        },
        scoreThresholds: {
          gossipThreshold: -20,
          publishThreshold: -40,
          graylistThreshold: -60,
        },
      }),
    },
  });
}
