/**
 * A node that from a SIGUSR2 on signs twice where once is allowed: beside each prevote, precommit or proposal
 * (EQUIVOCATES) its honest half sends, another one for the same height, round and type goes out.
 */
import { buildBlock } from "../../../../chain/apply-block.ts";
import { equalBytes, sha256, uint32Bytes } from "../../../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../../../chain/crypto/keys.ts";
import { proposerOf } from "../../../../chain/draw/proposer-of.ts";
import {
  proposalSigningRoot,
  type VoteType,
  voteSigningRoot,
  voteTypeIndex,
} from "../../../../chain/finality/vote.ts";
import { Certificate, Proposal } from "../../../../chain/types/block.ts";
import { Vote } from "../../../../chain/types/vote.ts";
import type { Ledger } from "../../../../node/compose/ledger.ts";
import { OnionKeeper } from "../../../../node/consensus/onion-keeper.ts";
import { runAsNode } from "./run-as-node.ts";

/** A honest node's first round of a height begins about then; both messages travel together. */
const AFTER_BLOCK_MS = 20;

const what = process.env.EQUIVOCATES ?? "";
let isOn = false;
process.on("SIGUSR2", () => {
  isOn = true;
});

/** The second hand of the node's key. */
class Twin {
  readonly #ledger: Ledger;
  readonly #keys: ReturnType<typeof keyPairFromSeed>;
  readonly #onion: OnionKeeper;

  constructor(ledger: Ledger, seed: Uint8Array) {
    this.#ledger = ledger;
    this.#keys = keyPairFromSeed(seed);
    this.#onion = new OnionKeeper(seed);
  }

  signAgain(kind: string): void {
    if (kind === "proposal") this.#propose();
    else this.#vote(kind as VoteType);
  }

  /** For a block that does not exist, in the first round of the height under way. */
  #vote(kind: VoteType): void {
    const { chain, host } = this.#ledger;
    const { publicKey } = this.#keys;
    const seat = chain.state.seats.findIndex((each) => equalBytes(each.publicKey, publicKey));
    if (seat === -1) return;
    const height = chain.height + 1;
    const unsigned = {
      height,
      round: 0,
      type: voteTypeIndex(kind),
      blockHash: sha256(uint32Bytes(height)),
    };
    const signature = this.#keys.sign(voteSigningRoot(chain.genesisRoot, unsigned));
    void host.publish("votes", Vote.serialize({ ...unsigned, validRound: 0, seat, signature }));
  }

  /** An empty block with a time of its own, when the turn is this node's. */
  #propose(): void {
    const { chain, host } = this.#ledger;
    const { head, tip } = chain;
    const { publicKey: proposer } = this.#keys;
    const height = chain.height + 1;
    if (!equalBytes(proposerOf(head.state, height, 0), proposer)) return;
    const index = head.state.nodeIndex(proposer);
    const record = index === undefined ? undefined : head.state.nodes.get(index);
    const onionReveal = record === undefined ? undefined : this.#onion.reveal(record);
    if (onionReveal === undefined) return;
    const content = {
      round: 0,
      time: head.state.meta.time + 1n,
      proposer,
      onionReveal,
      parentCertificate: tip.certificate ?? Certificate.defaultValue(),
      transactions: [],
      evidence: [],
    };
    const { block, hash } = buildBlock(head, content, head.state.parameters.maxBlockBytes);
    const wire = { height, round: 0, validRound: 0, blockHash: hash };
    const signature = this.#keys.sign(proposalSigningRoot(chain.genesisRoot, wire));
    const proposal = { height, round: 0, validRound: 0, block, signature };
    void host.publish("proposals", Proposal.serialize(proposal));
  }
}

await runAsNode({
  onStarted({ ledger }, seed) {
    const twin = new Twin(ledger, seed);
    ledger.chain.onBlock(() => {
      if (isOn) setTimeout(() => twin.signAgain(what), AFTER_BLOCK_MS);
    });
  },
});
