/**
 * A peer that runs in the test itself: it speaks the network's protocols with a key of its own, and says what no
 * node would. It dials the nodes' real ports, so nothing between slows it down.
 */
import { randomBytes } from "node:crypto";
import { toHex } from "../../../../chain/crypto/hash.ts";
import { NETWORK_ID_LENGTH } from "../../../../chain/crypto/signing.ts";
import { createLog } from "../../../../node/telemetry/log.ts";
import { createHost, type Host } from "../../../../p2p/host.ts";
import { peerIdOf } from "../../../../p2p/identity.ts";
import type { TopicName } from "../../../../p2p/topics/topics.ts";
import type { LocalNode } from "../../../helpers/local-network.ts";
import { until } from "../../../helpers/until.ts";

const JOIN_MS = 30_000;

export class OutsidePeer {
  readonly host: Host;

  private constructor(host: Host) {
    this.host = host;
  }

  static async start(genesisRoot: Uint8Array): Promise<OutsidePeer> {
    const network = toHex(genesisRoot).slice(0, NETWORK_ID_LENGTH);
    const log = createLog("silent");
    const host = await createHost({ seed: randomBytes(32), network, listen: [] }, { log });
    await host.start();
    return new OutsidePeer(host);
  }

  /** Connects, and waits until the node listens to a topic. */
  async join(node: LocalNode, topic?: TopicName): Promise<void> {
    await this.dial(node);
    if (topic === undefined) return;
    await until(() => this.host.subscribers(topic) > 0, JOIN_MS, `${node.name} to follow ${topic}`);
  }

  dial(node: LocalNode): Promise<string> {
    return this.host.dial(`${node.p2pAddress}/p2p/${idOf(node)}`);
  }

  isConnectedTo(node: LocalNode): boolean {
    return this.host.peers().some(({ peerId }) => peerId === idOf(node));
  }

  async stop(): Promise<void> {
    await this.host.stop();
  }
}

export function idOf(node: LocalNode): string {
  return peerIdOf(node.identity.keyPair.publicKey);
}
