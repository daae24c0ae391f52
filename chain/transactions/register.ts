/**
 * Makes the sender's key a node. It is rated in the next window, and can vote once its weight has been frozen at the
 * end of an epoch.
 */

import { formatAmount } from "../amount.ts";
import { NO_VOTE_SHARE } from "../bond/vote-share.ts";
import { checkPublicKey } from "../crypto/public-key.ts";
import { WHOLE } from "../millionths.ts";
import { NO_SCORE } from "../track/quality.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { MAX_NODES } from "../types/state.ts";
import { FULL_PUNCTUALITY } from "../weight/weight.ts";
import type { Rule } from "./rule.ts";

export const MIN_ONION_LENGTH = 64;

export const register: Rule<"register"> = {
  spends: ({ bond }) => bond,
  apply(state, payload, { sender, address }) {
    checkPublicKey(sender);
    if (state.nodeIndex(sender) !== undefined) {
      refuse("this key is a node already", { code: "ALREADY_REGISTERED" });
    }
    requireNodeIndex(state.nodes.length);
    const { minBond } = state.parameters;
    if (payload.bond < minBond) {
      refuse(
        `bond of ${formatAmount(payload.bond)} POML is below the minimum ${formatAmount(minBond)}`,
        { code: "BOND_TOO_SMALL", bond: payload.bond, minimum: minBond },
        `bond at least ${formatAmount(minBond)} POML`,
      );
    }
    checkOnionLength(payload.onionLength);
    const account = state.account(address);
    state.putAccount({ ...account, balance: account.balance - payload.bond });
    state.nodes.push({
      publicKey: sender,
      name: payload.name,
      endpoint: payload.endpoint,
      bond: payload.bond,
      measured: [],
      capacity: 0n,
      quality: WHOLE,
      energy: WHOLE,
      verified: 0,
      failed: 0,
      ratedAt: 0n,
      notServedAt: 0n,
      withheld: 0,
      probation: 0,
      rating: 0n,
      weight: 0n,
      ...NO_VOTE_SHARE,
      punctuality: FULL_PUNCTUALITY,
      ratedWindow: 0,
      lastWindow: 0,
      onion: payload.onion,
      onionLeft: payload.onionLength,
      nextOnion: new Uint8Array(32),
      nextOnionLeft: 0,
      nextOnionEpoch: 0,
      registeredAt: state.height,
      proposed: 0,
      skipped: 0,
      owed: 0n,
      slashedAt: 0,
      slashedShare: 0,
      slashedPart: 0,
      auditsPassed: 0,
      auditsFailed: 0,
      auditsMissed: 0,
      audited: 0,
      score: NO_SCORE,
    });
  },
};

export function checkOnionLength(length: number): void {
  if (length < MIN_ONION_LENGTH) {
    refuseField("onionLength", `at least ${MIN_ONION_LENGTH} reveals, got ${length}`);
  }
}

/** Nodes that left keep their places, because past records refer to them by index. */
function requireNodeIndex(nodes: number): void {
  if (nodes < MAX_NODES) return;
  refuse(
    `this chain has had ${nodes} nodes and has no room for more`,
    { code: "TOO_MANY_NODES", nodes, limit: MAX_NODES },
    "use a key that is a node already, or join another chain",
  );
}
