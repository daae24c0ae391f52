import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { addressOf } from "../../../chain/crypto/address.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { dryRun } from "../../../chain/mempool/admission.ts";
import { MIN_ONION_LENGTH } from "../../../chain/transactions/register.ts";
import { MAX_NODES } from "../../../chain/types/state.ts";
import type { Payloads } from "../../../chain/types/transaction.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { registration } from "../../helpers/window-run.ts";

describe("register", () => {
  const chain = new TestChain();
  const { client } = chain;
  const order = registration(client);
  const registering = (change: Partial<Payloads["register"]>) =>
    chain.transaction(client, "register", { ...order, ...change });

  it("makes the sender a node without rating and takes the bond", () => {
    const fresh = new TestChain();
    const supply = fresh.supply();
    const before = fresh.head.state.account(client.address).balance;
    fresh.advance(fresh.transaction(client, "register", order));
    const { state } = fresh.head;
    const node = state.nodes.at(state.nodeIndex(client.keys.publicKey) ?? -1);
    expect(node).to.include({ bond: order.bond, rating: 0n, capacity: 0n, registeredAt: 1 });
    expect(toHex(node.onion)).to.equal(toHex(order.onion));
    expect(node.onionLeft).to.equal(order.onionLength);
    expect(before - state.account(client.address).balance).to.equal(order.bond + 1_000_000n);
    expect(fresh.supply()).to.equal(supply);
  });

  it("refuses ALREADY_REGISTERED", () => {
    const [founder = client] = chain.founders;
    const again = chain.transaction(founder, "register", { ...order, bond: 10n * POML });
    expectRefused(chain, again, "ALREADY_REGISTERED");
  });

  it("refuses TOO_MANY_NODES beyond the places of the list, and a proposer leaves it out", () => {
    const full = new TestChain();
    const transaction = full.transaction(client, "register", order);
    const filledTo = (length: number): void => {
      const value = { get: () => length, configurable: true };
      Object.defineProperty(full.head.state.nodes, "length", value);
    };
    filledTo(MAX_NODES - 1);
    expectApplies(full, transaction);
    filledTo(MAX_NODES);
    const facts = expectRefused(full, transaction, "TOO_MANY_NODES");
    expect(facts).to.include({ nodes: MAX_NODES, limit: MAX_NODES });
    expectCode(() => dryRun(full.head.state, transaction), "TOO_MANY_NODES");
  });

  it("refuses BOND_TOO_SMALL below the minimum", () => {
    const { minBond } = chain.head.state.parameters;
    expectApplies(chain, registering({ bond: minBond }));
    const facts = expectRefused(chain, registering({ bond: minBond - 1n }), "BOND_TOO_SMALL");
    expect(facts).to.include({ bond: minBond - 1n, minimum: minBond });
  });

  it("refuses BAD_FIELD for an onion too short to last two epochs", () => {
    expectApplies(chain, registering({ onionLength: MIN_ONION_LENGTH }));
    const short = registering({ onionLength: MIN_ONION_LENGTH - 1 });
    expect(expectRefused(chain, short, "BAD_FIELD").field).to.equal("onionLength");
  });

  it("refuses INSUFFICIENT_BALANCE for a bond beyond the sender's means", () => {
    expectRefused(chain, registering({ bond: 2n ** 60n }), "INSUFFICIENT_BALANCE");
  });

  it("refuses BAD_PUBLIC_KEY for a key on which verifiers disagree", () => {
    const smallOrder = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
    const small = { ...client, keys: { ...client.keys, publicKey: smallOrder } };
    const fresh = new TestChain();
    const { state } = fresh.head;
    const register = fresh.transaction(small, "register", order);
    state.credit(addressOf(small.keys.publicKey), 1000n * POML);
    expectCode(() => dryRun(state, register), "BAD_PUBLIC_KEY");
  });
});
