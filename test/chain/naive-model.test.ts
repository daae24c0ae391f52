/**
 * The state transition against a naive model of its money (helpers/naive-ledger.ts) over random sequences of
 * blocks: the same refusals, the same balances, and the incremental tree against one built from scratch.
 * POML_MODEL_RUNS sets the sequences (default 10); `npm run test:faults` takes three thousand.
 */

import { expect } from "chai";
import fc from "fast-check";
import { POML } from "../../chain/amount.ts";
import { applyTransaction } from "../../chain/apply-transaction.ts";
import { addressOf, formatAddress } from "../../chain/crypto/address.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { proposerOf } from "../../chain/draw/proposer-of.ts";
import { PomlError } from "../../chain/errors.ts";
import { DrawRoom } from "../../chain/job/draw-room.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { State } from "../../chain/state/state.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { ListRoom } from "../../chain/transactions/list-room.ts";
import {
  type Payloads,
  type SignedTransaction,
  TRANSACTION_KINDS,
  type Transaction,
} from "../../chain/types/transaction.ts";
import { useFastHasher } from "../../node/ssz-hasher.ts";
import { type Person, person, TestChain } from "../helpers/chain.ts";
import { jobSpec } from "../helpers/job-run.ts";
import { NaiveLedger, type NaiveTransaction } from "../helpers/naive-ledger.ts";

const RUNS = Number(process.env.POML_MODEL_RUNS ?? 10);

/** What somebody tries; numbers pick people, jobs and amounts. */
interface Attempt {
  readonly from: number;
  readonly kind: NaiveTransaction["does"]["kind"];
  readonly to: number;
  readonly amount: bigint;
  readonly fee: bigint;
  /** Added to what would be right; mostly 0. */
  readonly nonceError: number;
  readonly lifeError: number;
  readonly job: number;
  readonly onionLength: number;
}

const mostly = <T>(usual: T, ...rare: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
  );

const attempt: fc.Arbitrary<Attempt> = fc.record({
  from: fc.nat(6),
  kind: fc.constantFrom<Attempt["kind"]>(
    "transfer",
    "transfer",
    "transfer",
    "register",
    "bond",
    "unbond",
    "unbond",
    "job-open",
    "job-cancel",
    "job-settle",
  ),
  to: fc.nat(6),
  amount: fc.oneof(
    fc.bigInt({ min: 0n, max: 3n * POML }),
    fc.constantFrom(0n, 1n, 10n * POML, 99n * POML, 990n * POML, 1000n * POML, 2n ** 63n),
  ),
  fee: fc.oneof(fc.constant(POML), fc.constantFrom(0n, 999n, 1000n, 15_000n, 200n * POML)),
  nonceError: mostly(0, -1, 1),
  lifeError: mostly(0, -1000, 100_001),
  job: fc.nat(3),
  onionLength: mostly(1024, 63, 0),
});

const block = fc.record({
  attempts: fc.array(attempt, { maxLength: 6 }),
  round: mostly(0, 1, 2, 3),
});

const names = [
  "founder 0",
  "founder 1",
  "founder 2",
  "founder 3",
  "client",
  "stranger 0",
  "stranger 1",
];
const nameOf = new Map(names.map((name) => [formatAddress(person(name).address), name]));
const named = (address: Uint8Array): string => nameOf.get(formatAddress(address)) ?? "nobody";
const at = (index: number): string => names[index % names.length] ?? "client";

/** The same attempt for the chain and for the model. */
function make(
  chain: TestChain,
  attempt: Attempt,
  used: Map<string, number>,
): { real: SignedTransaction; naive: NaiveTransaction } {
  const from = at(attempt.from);
  const sender = person(from);
  const { state } = chain.head;
  const nonce = state.account(sender.address).nonce + (used.get(from) ?? 0) + attempt.nonceError;
  const frame = {
    nonce: Math.max(0, nonce),
    fee: attempt.fee,
    validUntil: Math.max(0, chain.height + 50 + attempt.lifeError),
  };
  const [payload, does] = payloadOf(chain, attempt, sender);
  const transaction = {
    sender: sender.keys.publicKey,
    ...frame,
    payload: { selector: TRANSACTION_KINDS.indexOf(attempt.kind), value: payload },
  } as Transaction;
  // Signatures are checked elsewhere.
  const real = { transaction, signature: new Uint8Array(64) };
  const id = toHex(transactionId(transaction));
  const whole = does.kind === "job-open" ? { ...does, id } : does;
  return { real, naive: { from, ...frame, does: whole } };
}

function payloadOf(
  chain: TestChain,
  { kind, to, amount, job, onionLength }: Attempt,
  sender: Person,
): [Payloads[Attempt["kind"]], NaiveTransaction["does"]] {
  switch (kind) {
    case "transfer":
      return [
        { to: person(at(to)).address, amount },
        { kind, to: at(to), amount },
      ];
    case "register": {
      const onion = sender.onion[onionLength] ?? new Uint8Array(32);
      const empty = new Uint8Array(0);
      const value = { name: empty, endpoint: empty, bond: amount, onion, onionLength };
      return [value, { kind, bond: amount, onionLength }];
    }
    case "bond":
    case "unbond":
      return [{ amount }, { kind, amount }];
    case "job-open": {
      // So long that no phase ends by itself.
      const spec = jobSpec(`job ${job}`, { rounds: 1 + job, phaseBlocks: 43_200 });
      const price = jobPrice(spec, chain.head.state.parameters) + 44_000n;
      const escrow = price + (amount % 3n) - 1n;
      return [
        { spec, escrow },
        { kind, id: "", spec, escrow },
      ];
    }
    case "job-cancel":
    case "job-settle": {
      const { jobs } = chain.head.state;
      const id = job < jobs.length ? chain.job(job).id : new Uint8Array(32);
      return [{ job: id }, { kind, id: toHex(id) }];
    }
    default:
      return kind satisfies never;
  }
}

/** The code each transaction is refused with by the rules, on top of those before it. */
function refusals(
  chain: TestChain,
  transactions: readonly SignedTransaction[],
  proposer: Uint8Array,
  time: bigint,
) {
  const state = chain.head.state.fork();
  state.meta = { ...state.meta, height: chain.height + 1, time };
  const room = { draws: DrawRoom.ofBlock(), lists: ListRoom.ofBlock() };
  const context = { proposer, records: [], ratingChanges: [], ...room };
  return transactions.map((transaction) => {
    try {
      state.attempt(() => applyTransaction(state, transaction, context));
      return undefined;
    } catch (error) {
      if (error instanceof PomlError) return String(error.code);
      throw error;
    }
  });
}

function expectEqual(chain: TestChain, model: NaiveLedger): void {
  const { state } = chain.head;
  const accounts = [...state.accounts.entries()].map(([, account]) => account);
  expect(
    new Map(accounts.map(({ address, balance, nonce }) => [named(address), { balance, nonce }])),
  ).to.deep.equal(model.accounts);
  const nodes = [...state.nodes.entries()].map(([, node]) => node);
  const nodeName = (index: number) => named(addressOf(state.nodes.at(index).publicKey));
  expect(new Map(nodes.map(({ bond }, index) => [nodeName(index), bond]))).to.deep.equal(
    model.bonds,
  );
  const unbondings = state.unbondings.map(({ node, amount }) => `${nodeName(node)} ${amount}`);
  expect(unbondings).to.deep.equal(model.unbondings.map(({ node, amount }) => `${node} ${amount}`));
  const { burned, emitted, workPot } = state.meta;
  expect({ burned, emitted, workPot }).to.deep.equal({
    burned: model.burned,
    emitted: model.emitted,
    workPot: model.workPot,
  });
}

describe("the state transition and a naive model", function () {
  this.timeout(60_000 + RUNS * 2000);

  before(useFastHasher);

  it("refuse the same, pay the same, and conserve the supply", () => {
    const seen = new Map<string, number>();
    const parameters = {
      windowOffset: 1_000_000,
      unbondingBlocks: 64,
      unbondingSeconds: 6,
      evidenceBlocks: 32,
      evidenceSeconds: 5,
      skipPenalty: 400n * POML,
      blockReward: POML,
      workReward: 5n * POML,
      emissionLimit: 40n * POML,
    };
    fc.assert(
      fc.property(fc.array(block, { minLength: 20, maxLength: 70 }), (blocks) => {
        const chain = new TestChain({ parameters });
        chain.know(person("stranger 0"));
        chain.know(person("stranger 1"));
        chain.know(chain.client);
        const key = (publicKey: Uint8Array) => named(addressOf(publicKey));
        const model = new NaiveLedger(chain.genesis, { address: named, key });
        const supply = model.supply();
        for (const { attempts, round } of blocks) {
          const { state } = chain.head;
          const turn = (r: number) => proposerOf(state, chain.height + 1, r);
          const proposer = addressOf(turn(round));
          const time = state.meta.time + 500n;
          const used = new Map<string, number>();
          const made = attempts.map((each) => {
            const pair = make(chain, each, used);
            if (each.nonceError === 0)
              used.set(pair.naive.from, (used.get(pair.naive.from) ?? 0) + 1);
            return pair;
          });
          const real = made.map((pair) => pair.real);
          const codes = refusals(chain, real, proposer, time);
          const predicted = model.beginBlock(
            time,
            named(proposer),
            made.map((pair) => pair.naive),
          );
          expect(codes).to.deep.equal(predicted);
          for (const code of codes) seen.set(code ?? "taken", (seen.get(code ?? "taken") ?? 0) + 1);
          const skipped = [...new Set(Array.from({ length: round }, (_, r) => key(turn(r))))];
          chain.take(chain.build(real, round));
          model.endBlock(named(proposer), skipped);
          expectEqual(chain, model);
          expect(model.supply()).to.equal(supply);
        }
        const header = chain.blocks.at(-1)?.header;
        const fresh = State.of(chain.head.state.parts()).root();
        expect(toHex(fresh)).to.equal(toHex(header?.stateRoot ?? new Uint8Array()));
      }),
      { seed: 5, numRuns: RUNS },
    );
    // Every rule of the model was met from both sides.
    expect([...seen.keys()]).to.include.members([
      "taken",
      "BAD_NONCE",
      "EXPIRED",
      "FEE_TOO_LOW",
      "INSUFFICIENT_BALANCE",
      "BAD_FIELD",
      "UNKNOWN_NODE",
      "ALREADY_REGISTERED",
      "BOND_TOO_SMALL",
      "BUDGET_BELOW_PRICE",
      "UNKNOWN_JOB",
      "WRONG_PHASE",
      "NOT_ASSIGNED",
    ]);
  });
});
