/** Tells the owner what is held against this node: before it costs anything, and the reason when it did. */
import type { RatingChange } from "../../chain/types/node.ts";
import type { Chain } from "../chain/chain.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { explainChange } from "./explain-change.ts";
import { warningsOf } from "./warnings.ts";

export interface OwnRecordModules {
  readonly chain: Pick<Chain, "state">;
  readonly log: Pick<NodeLog, "info" | "warn">;
}

export class OwnRecordWatch {
  readonly #publicKey: Uint8Array;
  readonly #modules: OwnRecordModules;
  #told: ReadonlySet<string> = new Set();

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: OwnRecordModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
  }

  /** @param changes of the block that has just become final */
  onBlock(changes: readonly RatingChange[]): void {
    const { chain, log } = this.#modules;
    const index = chain.state.nodeIndex(this.#publicKey);
    if (index === undefined) return;
    for (const change of changes) {
      if (change.node !== index) continue;
      const { before, after } = change;
      const facts = { before: before.toString(), after: after.toString() };
      const words = `rating changed: ${explainChange(change)}`;
      if (after < before) log.warn(words, facts);
      else log.info(words, facts);
    }
    const warnings = new Set(warningsOf(chain.state, index));
    for (const warning of warnings) {
      if (!this.#told.has(warning)) log.warn(`held against this node: ${warning}`);
    }
    this.#told = warnings;
  }
}
