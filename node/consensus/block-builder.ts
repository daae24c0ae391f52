/** Builds this node's own block when it is its turn, from the transactions that wait at that moment. */
import { type AppliedBlock, buildBlock } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { proposerOf } from "../../chain/draw/proposer-of.ts";
import { Certificate } from "../../chain/types/block.ts";
import type { Evidence } from "../../chain/types/evidence.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { Chain } from "../chain/chain.ts";
import type { Clock } from "../clock.ts";
import { crashPoint } from "../crash-points.ts";
import type { Measure } from "../telemetry/block-times.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { OnionKeeper } from "./onion-keeper.ts";

export interface BlockBuilderModules {
  readonly chain: Chain;
  readonly onion: OnionKeeper;
  readonly clock: Clock;
  readonly log: NodeLog;
  /** Transactions for a block, best first. */
  select(limitBytes: number): readonly SignedTransaction[];
  /** Evidence for a block. */
  evidence(): readonly Evidence[];
  readonly measure?: Measure;
}

export class BlockBuilder {
  readonly #publicKey: Uint8Array;
  readonly #modules: BlockBuilderModules;

  constructor({ publicKey }: { readonly publicKey: Uint8Array }, modules: BlockBuilderModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
  }

  /** @returns undefined when it is not this node's turn, or when it has no reveal left */
  build(height: number, round: number): AppliedBlock | undefined {
    const { chain, onion, clock, log, select, evidence, measure } = this.#modules;
    const { head, tip } = chain;
    const proposer = this.#publicKey;
    const index = head.state.nodeIndex(proposer);
    if (index === undefined || !equalBytes(proposerOf(head.state, height, round), proposer)) {
      return undefined;
    }
    const onionReveal = onion.reveal(head.state.nodes.at(index));
    crashPoint("onion-revealed");
    if (onionReveal === undefined) {
      log.error("no reveal is left for a proposal; a new hash onion takes over at its epoch", {
        height,
      });
      return undefined;
    }
    const limit = head.state.parameters.maxBlockBytes;
    const now = BigInt(clock.now());
    const parentTime = head.state.meta.time;
    const begin = performance.now();
    const applied = buildBlock(
      head,
      {
        round,
        time: now > parentTime ? now : parentTime + 1n,
        proposer,
        onionReveal,
        parentCertificate: tip.certificate ?? Certificate.defaultValue(),
        transactions: select(limit),
        evidence: evidence(),
      },
      limit,
    );
    measure?.("build", performance.now() - begin);
    return applied;
  }
}
