/**
 * Makes many certified blocks fast: a chain of four founders whose keys are all here, and which takes
 * what it built without applying it again.
 */
import { POML } from "../../../chain/amount.ts";
import { type AppliedBlock, blockHash, buildBlock } from "../../../chain/apply-block.ts";
import { MAX_LIFETIME } from "../../../chain/apply-transaction.ts";
import { addressOf } from "../../../chain/crypto/address.ts";
import { fromHex, sha256, toHex, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { type KeyPair, keyPairFromSeed } from "../../../chain/crypto/keys.ts";
import { makeOnion } from "../../../chain/crypto/onion.ts";
import { proposerOf } from "../../../chain/draw/proposer-of.ts";
import { voteSigningRoot, voteTypeIndex } from "../../../chain/finality/vote.ts";
import { devnetParameters, genesisHead } from "../../../chain/genesis.ts";
import type { Head } from "../../../chain/head.ts";
import { Certificate, type CertifiedBlock } from "../../../chain/types/block.ts";
import type { Genesis } from "../../../chain/types/genesis.ts";
import { payloadOf, type SignedTransaction } from "../../../chain/types/transaction.ts";
import { ENGINE_HASH } from "../../../ml/exact/engine-hash.ts";
import { signTransaction } from "../../../node/wallet/sign.ts";

const FOUNDERS = 4;
const FEE = 1000n;
/** A prime: steps of it visit all accounts. */
const SPREAD = 7919;

export interface FactoryOptions {
  /** Blocks that will be made; founders need a reveal for each turn they might have. */
  readonly blocks: number;
  /** Accounts that can send, each with money for many transfers. */
  readonly senders: number;
  /** Accounts in all. */
  readonly accounts: number;
}

export interface MadeBlock {
  readonly certified: CertifiedBlock;
  readonly applied: AppliedBlock;
  /** Those that certified it. */
  readonly seats: Head["state"]["seats"];
}

export class BlockFactory {
  readonly genesis: Genesis;
  readonly genesisRoot: Uint8Array;
  readonly #founders = new Map<string, { keys: KeyPair; onion: readonly Uint8Array[] }>();
  readonly #senders: readonly KeyPair[];
  readonly #nonces: number[];
  #turn = 0;
  #head: Head;
  #certificate: Certificate = Certificate.defaultValue();

  constructor({ blocks, senders, accounts }: FactoryOptions) {
    this.#senders = Array.from({ length: senders }, (_, i) => keyPairFromSeed(seed("sender", i)));
    this.#nonces = this.#senders.map(() => 0);
    this.genesis = this.#found(Math.min(65_000, blocks), accounts);
    this.#head = genesisHead(this.genesis);
    this.genesisRoot = this.#head.hash;
  }

  /** What the next block is built on; it moves on with every block. */
  get head(): Head {
    return this.#head;
  }

  /** A head before block 1 that nobody else writes to. */
  freshHead(): Head {
    return genesisHead(this.genesis);
  }

  /** Transfers of senders who take turns, to accounts all over the state. */
  transfers(count: number): SignedTransaction[] {
    return Array.from({ length: count }, () => this.#transfer(this.#turn++));
  }

  /** The next block; `use` sees it before the chain moves on. */
  next(
    transactions: readonly SignedTransaction[],
    use: (made: MadeBlock) => void = () => {},
  ): CertifiedBlock {
    const { state } = this.#head;
    const { seats } = state;
    const applied = this.#build(transactions);
    const certificate = this.#certify(applied, seats);
    const certified = { block: applied.block, certificate };
    use({ certified, applied, seats });
    state.absorb(applied.state);
    this.#head = { state, hash: applied.hash };
    this.#certificate = certificate;
    return certified;
  }

  #found(onionLength: number, accounts: number): Genesis {
    const founders = Array.from({ length: FOUNDERS }, (_, i) => {
      const keys = keyPairFromSeed(seed("founder", i));
      const onion = makeOnion(seed("onion", i), onionLength);
      this.#founders.set(toHex(keys.publicKey), { keys, onion });
      return { keys, onion };
    });
    const others = accounts - this.#senders.length;
    return {
      name: new TextEncoder().encode("bench"),
      time: 1_700_000_000_000n,
      parameters: {
        ...devnetParameters(fromHex(ENGINE_HASH)),
        windowOffset: 1_000_000,
        trackInterval: 0,
      },
      accounts: [
        ...this.#senders.map(({ publicKey }) => ({
          address: addressOf(publicKey),
          balance: 1_000_000n * POML,
        })),
        ...Array.from({ length: Math.max(0, others) }, (_, i) => ({
          address: seed("account", i).slice(0, 20),
          balance: 1n,
        })),
      ],
      nodes: founders.map(({ keys, onion }, i) => ({
        publicKey: keys.publicKey,
        name: new TextEncoder().encode(`node ${i}`),
        endpoint: new TextEncoder().encode("/ip4/127.0.0.1/tcp/1/ws"),
        bond: 1000n * POML,
        onion: onion[onionLength] ?? new Uint8Array(32),
        onionLength,
        capacity: 100_000_000n,
      })),
    };
  }

  #build(transactions: readonly SignedTransaction[]): AppliedBlock {
    const { state } = this.#head;
    const proposer = proposerOf(state, state.height + 1, 0);
    const { onionLeft } = state.nodes.at(state.nodeIndex(proposer) ?? -1);
    const onionReveal = this.#founders.get(toHex(proposer))?.onion[onionLeft - 1];
    if (onionReveal === undefined) throw new RangeError("a founder has no reveal left");
    const input = {
      round: 0,
      time: state.meta.time + 500n,
      proposer,
      onionReveal,
      parentCertificate: this.#certificate,
      transactions,
      evidence: [],
    };
    const applied = buildBlock(this.#head, input, state.parameters.maxBlockBytes);
    if (applied.block.body.transactions.length !== transactions.length) {
      throw new Error("a transfer did not apply");
    }
    return applied;
  }

  #certify({ block, hash }: AppliedBlock, seats: Head["state"]["seats"]): Certificate {
    const { height, round } = block.header;
    const wire = { height, round, type: voteTypeIndex("precommit"), blockHash: hash };
    const message = voteSigningRoot(this.genesisRoot, wire);
    const signatures = seats.map(({ publicKey }, seat) => {
      const founder = this.#founders.get(toHex(publicKey));
      if (founder === undefined) throw new Error("a seat without a founder");
      return { seat, signature: founder.keys.sign(message) };
    });
    return { height, round, blockHash: blockHash(block.header), signatures };
  }

  #transfer(turn: number): SignedTransaction {
    const index = turn % this.#senders.length;
    const keys = this.#senders[index];
    const { accounts } = this.genesis;
    const to = accounts[(turn * SPREAD) % accounts.length]?.address;
    if (keys === undefined || to === undefined) throw new RangeError("no senders");
    const nonce = this.#nonces[index] ?? 0;
    this.#nonces[index] = nonce + 1;
    const payload = payloadOf("transfer", { to, amount: 1n });
    const draft = { nonce, fee: FEE, validUntil: MAX_LIFETIME, payload };
    return signTransaction(keys, this.genesisRoot, draft);
  }
}

function seed(name: string, index: number): Uint8Array {
  return sha256(new TextEncoder().encode(name), uint32Bytes(index));
}
