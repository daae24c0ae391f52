/**
 * The answer to "I am stuck at this height": votes the other has, and its proposals as blob hashes.
 * Gossip alone leaves some runs stuck for ever: passing votes on is what keeps the chain alive.
 */
import { ContainerType, ListCompositeType } from "@chainsafe/ssz";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { DecodeError } from "../../chain/errors.ts";
import { Proposal } from "../../chain/types/block.ts";
import { Hash, Uint32 } from "../../chain/types/primitive.ts";
import { Vote } from "../../chain/types/vote.ts";
import { requestBlob } from "../../p2p/protocols/blob.ts";
import type { StreamHost } from "../../p2p/protocols/protocol.ts";
import type { ConsensusDriver } from "../consensus/driver.ts";
import type { ConsensusGossip } from "./consensus-gossip.ts";
import type { PeerMessages } from "./peer-messages.ts";

export const KnownVotes = new ContainerType(
  {
    height: Uint32,
    votes: new ListCompositeType(Vote, 4096),
    proposals: new ListCompositeType(Hash, 16),
  },
  { typeName: "KnownVotes", jsonCase: "eth2" },
);

const TIMEOUT_MS = 5_000;
const MAX_PROPOSAL_BYTES = 4 * 1024 * 1024;

export interface KnownVotesModules {
  readonly host: StreamHost;
  readonly messages: PeerMessages;
  readonly driver: ConsensusDriver;
  readonly gossip: ConsensusGossip;
  height(): number;
  /** The peer has blocks we lack. */
  behind(): void;
}

export class KnownVotesExchange {
  readonly #modules: KnownVotesModules;
  /** Encoded proposals offered by hash. */
  #offered = new Map<string, Uint8Array>();

  constructor(modules: KnownVotesModules) {
    this.#modules = modules;
    modules.messages.handle("known-votes", async (body) => {
      if (body.length !== 0) throw new DecodeError("known-votes request", "expected no body");
      return this.#answer();
    });
  }

  /** A proposal offered under this SHA-256. */
  find(hash: Uint8Array): Uint8Array | undefined {
    return this.#offered.get(toHex(hash));
  }

  async askPeer(peer: string): Promise<void> {
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

  #answer(): Uint8Array {
    const { votes, proposals } = this.#modules.driver.known();
    this.#offered = new Map();
    const hashes = proposals.slice(0, 16).map((proposal) => {
      const bytes = Proposal.serialize(proposal);
      const hash = sha256(bytes);
      this.#offered.set(toHex(hash), bytes);
      return hash;
    });
    return KnownVotes.serialize({
      height: this.#modules.height() + 1,
      votes: votes.slice(0, 4096),
      proposals: hashes,
    });
  }
}
