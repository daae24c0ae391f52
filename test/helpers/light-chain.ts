/** A test chain with certificates by its real seats, kept as a node's store keeps it for light clients. */
import { blockHash } from "../../chain/apply-block.ts";
import { assembleCertificate } from "../../chain/finality/certificate.ts";
import { voteSigningRoot, voteTypeIndex } from "../../chain/finality/vote.ts";
import { genesisHead } from "../../chain/genesis.ts";
import { seatChange } from "../../chain/light/seat-change.ts";
import type { Block, Certificate, CertifiedBlock, Header } from "../../chain/types/block.ts";
import type { LightBlock } from "../../chain/types/light.ts";
import type { Seat } from "../../chain/types/node.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { type JobCertificate, makeCertificate } from "../../node/light/certificate.ts";
import { LightService, type LightStore } from "../../node/light/light-service.ts";
import type { Person, TestChain } from "./chain.ts";
import { archiveOf } from "./settled-jobs.ts";

/** Precommits of these seats for a header, by the people who hold the keys. */
export function certify(
  header: Header,
  seats: readonly Seat[],
  { genesisRoot, personOf }: { genesisRoot: Uint8Array; personOf(key: Uint8Array): Person },
  signs: (seat: number) => boolean = () => true,
): Certificate {
  const { height, round } = header;
  const hash = blockHash(header);
  const type = voteTypeIndex("precommit");
  const root = voteSigningRoot(genesisRoot, { height, round, type, blockHash: hash });
  const votes = seats.flatMap(({ publicKey }, seat) => {
    if (!signs(seat)) return [];
    const signature = personOf(publicKey).keys.sign(root);
    return [{ height, round, type, blockHash: hash, validRound: 0, seat, signature }];
  });
  return assembleCertificate(votes);
}

export class LightChain implements LightStore {
  readonly chain: TestChain;
  readonly service: LightService;
  readonly blocks: CertifiedBlock[] = [];
  readonly changes: LightBlock[] = [];
  #seats: readonly Seat[];

  constructor(chain: TestChain) {
    this.chain = chain;
    this.#seats = chain.head.state.seats;
    this.service = new LightService({
      store: this,
      genesis: genesisHead(chain.genesis),
      settledJob: (index) => archiveOf(chain).at(index),
      head: () => ({ state: chain.head.state, seats: this.#seats }),
    });
  }

  take(block: Block): CertifiedBlock {
    const { chain } = this;
    const { seats, nextSeats } = chain.head.state;
    chain.take(block);
    const certificate = certify(block.header, seats, {
      genesisRoot: chain.genesisRoot,
      personOf: (key) => chain.personOf(key),
    });
    const applied = { block, hash: chain.head.hash, state: chain.head.state };
    const change = seatChange({ seats, nextSeats }, applied, certificate);
    if (change !== undefined) this.changes.push(change);
    this.#seats = seats;
    const certified = { block, certificate };
    this.blocks.push(certified);
    return certified;
  }

  advance(...transactions: SignedTransaction[]): CertifiedBlock {
    return this.take(this.chain.build(transactions));
  }

  advanceTo(height: number): void {
    while (this.chain.height < height) this.advance();
  }

  async block(height: number): Promise<CertifiedBlock | undefined> {
    return this.blocks[height - 1];
  }

  async seatChange(height: number, side: "upTo" | "from"): Promise<LightBlock | undefined> {
    return side === "upTo"
      ? this.changes.findLast(({ header }) => header.height <= height)
      : this.changes.find(({ header }) => header.height >= height);
  }

  /** The certificate of a job's model as of the newest block. */
  certificate(job: number): Promise<JobCertificate> {
    const { head, genesisRoot } = this.chain;
    const newest = this.blocks.at(-1);
    const tip = {
      header: newest?.block.header,
      certificate: newest?.certificate,
      seats: this.#seats,
    };
    const modules = { jobs: archiveOf(this.chain), light: this.service };
    return makeCertificate({ state: head.state, head, genesisRoot, tip }, job, modules);
  }

  /** The light block at a height. @throws Error when there is none */
  async at(height: number): Promise<LightBlock> {
    const block = await this.service.block(height);
    if (block === undefined) throw new Error(`no light block ${height}`);
    return block;
  }
}
