/**
 * The money of a chain, written a second time from docs/protocol.md: plain maps, one function a rule,
 * no state object, no tree. Knows transfers, bonds, unbondings, jobs that are cancelled, skipped turns
 * and emission; who had a turn is told. Balances and refusals must be those of the rules.
 */
import { jobPrice } from "../../chain/job/price.ts";
import type { Genesis, Parameters } from "../../chain/types/genesis.ts";
import type { JobSpec } from "../../chain/types/job.ts";

/** A transaction as the model sees it; people and jobs by name. */
export interface NaiveTransaction {
  readonly from: string;
  readonly nonce: number;
  readonly fee: bigint;
  readonly validUntil: number;
  readonly does:
    | { readonly kind: "transfer"; readonly to: string; readonly amount: bigint }
    | { readonly kind: "register"; readonly bond: bigint; readonly onionLength: number }
    | { readonly kind: "bond" | "unbond"; readonly amount: bigint }
    | {
        readonly kind: "job-open";
        readonly id: string;
        readonly spec: JobSpec;
        readonly escrow: bigint;
      }
    | { readonly kind: "job-cancel" | "job-settle"; readonly id: string };
}

interface Account {
  balance: bigint;
  nonce: number;
}

const LIFETIME = 100_000;
const UNBONDINGS_EACH = 16;
const SMALLEST_ONION = 64;

export class NaiveLedger {
  readonly accounts = new Map<string, Account>();
  readonly bonds = new Map<string, bigint>();
  /** For turns to propose that passed. */
  readonly owed = new Map<string, bigint>();
  unbondings: { node: string; amount: bigint; height: number; time: bigint }[] = [];
  readonly jobs = new Map<
    string,
    { client: string; escrow: bigint; place: bigint; phase: string }
  >();
  burned = 0n;
  emitted = 0n;
  workPot = 0n;
  height = 0;
  time: bigint;
  readonly #rules: Parameters;

  /** @param nameOf an address, and a public key's address, as the model calls them */
  constructor(
    genesis: Genesis,
    nameOf: { address(a: Uint8Array): string; key(k: Uint8Array): string },
  ) {
    this.#rules = genesis.parameters;
    this.time = genesis.time;
    for (const { address, balance } of genesis.accounts) {
      this.accounts.set(nameOf.address(address), { balance, nonce: 0 });
    }
    for (const { publicKey, bond } of genesis.nodes) this.bonds.set(nameOf.key(publicKey), bond);
  }

  /** @param proposer whose fees they are @returns the code each transaction is refused with, if it is */
  beginBlock(time: bigint, proposer: string, transactions: readonly NaiveTransaction[]) {
    this.height++;
    this.time = time;
    return transactions.map((transaction) => this.#try(transaction, proposer));
  }

  /** @param skipped whose turns passed, in order */
  endBlock(proposer: string, skipped: readonly string[]): void {
    const { skipPenalty, blockReward } = this.#rules;
    for (const node of skipped) {
      const owed = this.#owedBy(node) + skipPenalty;
      this.owed.set(node, owed < 16n * skipPenalty ? owed : 16n * skipPenalty);
    }
    const owed = this.#owedBy(proposer);
    const kept = owed < blockReward ? owed : blockReward;
    this.owed.set(proposer, owed - kept);
    this.#pay(proposer, this.#emit(blockReward - kept));
    const free = this.unbondings.filter((u) => this.height >= u.height && this.time >= u.time);
    this.unbondings = this.unbondings.filter((u) => !free.includes(u));
    for (const { node, amount } of free) this.#pay(node, amount);
    if ((this.height + 1) % this.#rules.epochBlocks === 0) {
      this.workPot += this.#emit(this.#rules.workReward);
    }
  }

  #owedBy(node: string): bigint {
    return this.owed.get(node) ?? 0n;
  }

  #emit(wanted: bigint): bigint {
    const left = this.#rules.emissionLimit - this.emitted;
    const amount = wanted < left ? wanted : left;
    this.emitted += amount;
    return amount;
  }

  #account(name: string): Account {
    return this.accounts.get(name) ?? { balance: 0n, nonce: 0 };
  }

  #pay(name: string, amount: bigint): void {
    if (amount === 0n) return;
    const { balance, nonce } = this.#account(name);
    this.accounts.set(name, { balance: balance + amount, nonce });
  }

  #try(transaction: NaiveTransaction, proposer: string): string | undefined {
    const { from, nonce, fee, validUntil } = transaction;
    const account = this.#account(from);
    if (nonce !== account.nonce) return "BAD_NONCE";
    if (this.height > validUntil || validUntil > this.height + LIFETIME) return "EXPIRED";
    if (fee < this.#requiredFee(transaction)) return "FEE_TOO_LOW";
    const spent = spentBy(transaction);
    if (account.balance < fee + spent) return "INSUFFICIENT_BALANCE";
    const refused = this.#refusal(transaction);
    if (refused !== undefined) return refused;
    this.accounts.set(from, { balance: account.balance - fee - spent, nonce: nonce + 1 });
    this.#carryOut(transaction);
    this.#pay(proposer, fee);
    return undefined;
  }

  #requiredFee({ does }: NaiveTransaction): bigint {
    const { feeFloor, feeCap, feeRate } = this.#rules;
    if (does.kind === "job-settle") return 0n;
    if (does.kind !== "transfer") return feeFloor;
    const rate = (does.amount * BigInt(feeRate)) / 1_000_000n;
    return rate < feeFloor ? feeFloor : rate > feeCap ? feeCap : rate;
  }

  #refusal({ from, does }: NaiveTransaction): string | undefined {
    const { minBond } = this.#rules;
    const bond = this.bonds.get(from);
    switch (does.kind) {
      case "transfer":
        return does.amount === 0n ? "BAD_FIELD" : undefined;
      case "register":
        if (bond !== undefined) return "ALREADY_REGISTERED";
        if (does.bond < minBond) return "BOND_TOO_SMALL";
        return does.onionLength < SMALLEST_ONION ? "BAD_FIELD" : undefined;
      case "bond":
        if (does.amount === 0n) return "BAD_FIELD";
        return bond === undefined ? "UNKNOWN_NODE" : undefined;
      case "unbond": {
        if (bond === undefined) return "UNKNOWN_NODE";
        if (does.amount === 0n || does.amount > bond) return "BAD_FIELD";
        const left = bond - does.amount;
        if (left > 0n && left < minBond) return "BOND_TOO_SMALL";
        const own = this.unbondings.filter(({ node }) => node === from).length;
        return own >= UNBONDINGS_EACH ? "ALREADY_DONE" : undefined;
      }
      case "job-open":
        return does.escrow < jobPrice(does.spec, this.#rules) + this.#placePrice(does.spec)
          ? "BUDGET_BELOW_PRICE"
          : undefined;
      case "job-cancel": {
        const job = this.jobs.get(does.id);
        if (job === undefined || job.phase === "settled") return "UNKNOWN_JOB";
        if (job.phase !== "open") return "WRONG_PHASE";
        return job.client === from ? undefined : "NOT_ASSIGNED";
      }
      case "job-settle": {
        const job = this.jobs.get(does.id);
        if (job === undefined || job.phase === "settled") return "UNKNOWN_JOB";
        return job.phase === "cancelled" ? undefined : "WRONG_PHASE";
      }
      default:
        return does satisfies never;
    }
  }

  #carryOut({ from, does }: NaiveTransaction): void {
    const bond = this.bonds.get(from) ?? 0n;
    switch (does.kind) {
      case "transfer":
        this.#pay(does.to, does.amount);
        return;
      case "register":
        this.bonds.set(from, does.bond);
        return;
      case "bond":
        this.bonds.set(from, bond + does.amount);
        return;
      case "unbond": {
        const { unbondingBlocks, unbondingSeconds } = this.#rules;
        this.bonds.set(from, bond - does.amount);
        this.unbondings.push({
          node: from,
          amount: does.amount,
          height: this.height + unbondingBlocks,
          time: this.time + BigInt(unbondingSeconds) * 1000n,
        });
        return;
      }
      case "job-open": {
        const place = this.#placePrice(does.spec);
        this.jobs.set(does.id, { client: from, escrow: does.escrow, place, phase: "open" });
        return;
      }
      case "job-cancel": {
        const job = this.jobs.get(does.id);
        if (job !== undefined) job.phase = "cancelled";
        return;
      }
      case "job-settle": {
        const job = this.jobs.get(does.id);
        if (job === undefined) return;
        // No round was recorded: nobody is paid, and all but the price of its place returns.
        this.#pay(job.client, job.escrow - job.place);
        this.burned += job.place;
        job.phase = "settled";
        return;
      }
      default:
        does satisfies never;
    }
  }

  /** Of fewer than 1,024 jobs. */
  #placePrice({ phaseBlocks, teamSize, participants, work }: JobSpec): bigint {
    if (work.selector !== 0) throw new RangeError("the model knows orders to train alone");
    const { trainChunks } = work.value;
    const places = 8 + teamSize + (participants < trainChunks ? participants : trainChunks);
    const times = BigInt(1 + (places - 1 - ((places - 1) % 32)) / 32);
    return times * this.#rules.feeFloor * BigInt(1 + (phaseBlocks - (phaseBlocks % 1000)) / 1000);
  }

  /** Everything anyone owns, less what was made and with what was burned: never changes. */
  supply(): bigint {
    let total = this.workPot + this.burned - this.emitted;
    for (const { balance } of this.accounts.values()) total += balance;
    for (const bond of this.bonds.values()) total += bond;
    for (const { amount } of this.unbondings) total += amount;
    for (const { escrow, phase } of this.jobs.values()) if (phase !== "settled") total += escrow;
    return total;
  }
}

function spentBy({ does }: NaiveTransaction): bigint {
  switch (does.kind) {
    case "transfer":
    case "bond":
      return does.amount;
    case "register":
      return does.bond;
    case "job-open":
      return does.escrow;
    default:
      return 0n;
  }
}
