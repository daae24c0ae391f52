/**
 * Asks peers for votes when this node is stuck at a height, and answers such requests. With gossip alone some networks
 * stay stuck for ever; passing votes on keeps the chain going.
 */
import { decodeSsz } from "../../chain/decode.ts";
import { DecodeError } from "../../chain/errors.ts";
import { requestBlob } from "../../p2p/protocols/blob.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import type { Clock } from "../clock.ts";
import type { ConsensusDriver } from "../consensus/driver.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { ConsensusGossip } from "./consensus-gossip.ts";
import { KnownAnswer } from "./known-answer.ts";
import { KnownVotes } from "./known-votes-message.ts";
import type { PeerMessages } from "./peer-messages.ts";

const TIMEOUT_MS = 5_000;
const MAX_PROPOSAL_BYTES = 4 * 1024 * 1024;

export interface KnownVotesModules {
  readonly host: StreamHost & { peers(): readonly { readonly peerId: string }[] };
  readonly messages: PeerMessages;
  readonly driver: ConsensusDriver;
  readonly gossip: ConsensusGossip;
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: Pick<NodeLog, "debug">;
  height(): number;
  /** Called when the peer has blocks that this node lacks. */
  behind(): void;
}

export class KnownVotesExchange {
  readonly #modules: KnownVotesModules;
  readonly #answer: KnownAnswer;
  #asked = 0;

  constructor(modules: KnownVotesModules) {
    this.#modules = modules;
    this.#answer = new KnownAnswer({
      clock: modules.clock,
      height: () => modules.height() + 1,
      known: () => modules.driver.known(),
    });
    modules.messages.handle("known-votes", async (body) => {
      if (body.length !== 0) throw new DecodeError("known-votes request", "expected no body");
      return this.#answer.bytes();
    });
  }

  /** A proposal that is offered under this SHA-256. */
  find(hash: Uint8Array): Uint8Array | undefined {
    return this.#answer.find(hash);
  }

  /** Asks one of the connected peers; each call asks the next one. */
  askNext(): void {
    const { host, log } = this.#modules;
    const peers = host.peers();
    const peer = peers[this.#asked++ % Math.max(1, peers.length)];
    if (peer === undefined) return;
    this.#ask(peer.peerId).catch((error: unknown) => {
      log.debug("a peer could not help", { peer: peer.peerId, reason: String(error) });
    });
  }

  async #ask(peer: string): Promise<void> {
    const { messages, gossip, host } = this.#modules;
    const reply = await messages.ask(peer, "known-votes", new Uint8Array(0), TIMEOUT_MS);
    const known = decodeSsz("known-votes reply", KnownVotes, reply);
    const ours = this.#modules.height() + 1;
    if (known.height > ours) this.#modules.behind();
    if (known.height !== ours) return;
    for (const hash of known.proposals) {
      const bytes = await requestBlob(host, peer, hash, {
        maxBytes: MAX_PROPOSAL_BYTES,
        use: "consensus",
        urgent: true,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await gossip.onProposal(bytes);
    }
    for (const vote of known.votes) await gossip.takeVote(vote);
  }
}
