import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { keyPairFromSeed, verify } from "../../../chain/crypto/keys.ts";
import { trustBlock } from "../../../chain/light/trust-block.ts";
import { trustGenesis } from "../../../chain/light/trust-genesis.ts";
import { checkFresh, verifyLightBlock, verifyLightBlocks } from "../../../chain/light/verify.ts";
import { Header } from "../../../chain/types/block.ts";
import { LightBlock } from "../../../chain/types/light.ts";
import { Seats } from "../../../chain/types/state.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode, expectCodeAsync } from "../../helpers/expect-code.ts";
import { certify, LightChain } from "../../helpers/light-chain.ts";

const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1);

describe("light client", () => {
  const ledger = new LightChain(new TestChain());
  const { chain } = ledger;
  const { genesisRoot } = chain;
  const options = { verify };
  const genesis = trustGenesis(chain.genesis);

  before(() => ledger.advanceTo(70));

  /** Signed by these seats of the test chain, whatever the block says. */
  const resigned = (
    block: LightBlock,
    change: Partial<Header>,
    signs?: (seat: number) => boolean,
  ): LightBlock => {
    const header = { ...block.header, ...change };
    const people = { genesisRoot, personOf: (key: Uint8Array) => chain.personOf(key) };
    return { ...block, header, certificate: certify(header, block.seats, people, signs) };
  };

  it("goes from genesis to any block whose seats it can link", async () => {
    for (const height of [1, 15, 31, 64, 70]) {
      const believed = await verifyLightBlock(genesis, await ledger.at(height), options);
      expect(believed.height).to.equal(height);
      expect(toHex(believed.hash)).to.equal(
        toHex(Header.hashTreeRoot((await ledger.at(height)).header)),
      );
    }
  });

  it("goes through the changes of seats one after the other", async () => {
    expect(ledger.changes.map(({ header }) => header.height)).to.deep.equal([15, 31, 47, 63]);
    const believed = await verifyLightBlocks(genesis, ledger.changes, options);
    expect(believed.height).to.equal(63);
    expect(believed.appointed).to.have.length(2);
  });

  it("starts from any block by height and hash alone", async () => {
    const start = await ledger.at(20);
    const hash = Header.hashTreeRoot(start.header);
    const trust = (height: number, wanted: Uint8Array) =>
      trustBlock(start, { height, hash: wanted }, { genesisRoot, verify });
    const believed = await trust(20, hash);
    expect((await verifyLightBlock(believed, await ledger.at(70), options)).height).to.equal(70);
    await expectCodeAsync(() => trust(20, flip(hash)), "LIGHT_OTHER_BLOCK");
    await expectCodeAsync(() => trust(21, hash), "LIGHT_OTHER_BLOCK");
  });

  it("does not go over to another chain whose nodes have the same keys", async () => {
    const other = new LightChain(new TestChain({ parameters: { feeFloor: 999n } }));
    other.advanceTo(40);
    const start = await ledger.at(20);
    const known = { height: 20, hash: Header.hashTreeRoot(start.header) };
    const later = await other.at(40);
    const believed = await trustBlock(start, known, { genesisRoot, verify });
    await expectCodeAsync(
      () => verifyLightBlock(believed, later, options),
      "CERTIFICATE_BAD_SIGNATURE",
    );
    // Under the other genesis the later block would hold: the start must not.
    const elsewhere = { genesisRoot: other.chain.genesisRoot, verify };
    await expectCodeAsync(() => trustBlock(start, known, elsewhere), "CERTIFICATE_BAD_SIGNATURE");
  });

  it("accepts the block that it already trusts, and none below it", async () => {
    const [first, second] = ledger.changes;
    if (first === undefined || second === undefined) throw new Error("no changes");
    const believed = await verifyLightBlock(genesis, second, options);
    expect((await verifyLightBlock(believed, second, options)).height).to.equal(31);
    await expectCodeAsync(() => verifyLightBlock(believed, first, options), "LIGHT_NOT_LATER");
    const rival = resigned(second, { stateRoot: flip(second.header.stateRoot) });
    await expectCodeAsync(() => verifyLightBlock(believed, rival, options), "LIGHT_NOT_LATER");
  });

  describe("refuses every lie with its code:", () => {
    let good: LightBlock;
    before(async () => {
      good = await ledger.at(31);
    });
    const expectRefused = (block: LightBlock, code: string) =>
      expectCodeAsync(() => verifyLightBlock(genesis, block, options), code);

    it("a header that is not the certified one", async () => {
      const header = { ...good.header, stateRoot: flip(good.header.stateRoot) };
      await expectRefused({ ...good, header }, "LIGHT_CERTIFICATE_OF_ANOTHER_BLOCK");
    });

    it("a header of another version", async () => {
      await expectRefused(resigned(good, { version: 9 }), "LIGHT_VERSION");
    });

    it("seats that are not the header's", async () => {
      const [first, ...rest] = good.seats;
      if (first === undefined) throw new Error("no seats");
      const seats = [{ ...first, weight: first.weight + 1n }, ...rest];
      await expectRefused({ ...good, seats }, "LIGHT_SEATS");
      const seatsRoot = Seats.hashTreeRoot(seats);
      await expectRefused(
        { ...good, ...resigned({ ...good, seats }, { seatsRoot }) },
        "LIGHT_SEATS",
      );
    });

    it("an altered signature, or one of another chain", async () => {
      const [first, ...rest] = good.certificate.signatures;
      if (first === undefined) throw new Error("no signatures");
      const signatures = [{ ...first, signature: flip(first.signature, 3) }, ...rest];
      const certificate = { ...good.certificate, signatures };
      await expectRefused({ ...good, certificate }, "CERTIFICATE_BAD_SIGNATURE");
      const elsewhere = { ...genesis, genesisRoot: flip(genesisRoot) };
      await expectCodeAsync(
        () => verifyLightBlock(elsewhere, good, options),
        "CERTIFICATE_BAD_SIGNATURE",
      );
    });

    it("too little weight", async () => {
      const two = resigned(good, {}, (seat) => seat < 2);
      await expectRefused(two, "CERTIFICATE_TOO_LITTLE_WEIGHT");
    });

    it("seats appointed by a state that does not", async () => {
      for (const position of [0, 1]) {
        const appointed = good.appointed.map((one, i) =>
          i === position ? { ...one, root: flip(one.root) } : one,
        );
        await expectRefused({ ...good, appointed }, "LIGHT_APPOINTMENT");
      }
      await expectRefused({ ...good, appointed: good.appointed.slice(1) }, "LIGHT_APPOINTMENT");
      const crossed = good.appointed.toReversed();
      await expectRefused({ ...good, appointed: crossed }, "LIGHT_APPOINTMENT");
    });

    it("time that stands still", async () => {
      await expectRefused(resigned(good, { time: genesis.time }), "LIGHT_TIME");
    });

    it("a start that is too old", () => {
      checkFresh(genesis, { nowMs: genesis.time + 10n, limitMs: 10n });
      expectCode(
        () => checkFresh(genesis, { nowMs: genesis.time + 11n, limitMs: 10n }),
        "LIGHT_TRUST_EXPIRED",
      );
    });
  });

  describe("and strangers", () => {
    const strangers = Array.from({ length: 4 }, (_, i) =>
      keyPairFromSeed(sha256(Uint8Array.of(i))),
    );
    const [stranger] = strangers;
    if (stranger === undefined) throw new Error("no strangers");

    /** A block certified by made-up seats: these people with these weights. */
    const forged = (
      good: LightBlock,
      keys: readonly (typeof stranger)[],
      weight: bigint,
    ): LightBlock => {
      const seats = keys.map(({ publicKey }, node) => ({ node, publicKey, weight }));
      const totalWeight = weight * BigInt(keys.length);
      const header = { ...good.header, totalWeight, seatsRoot: Seats.hashTreeRoot(seats) };
      const personOf = (key: Uint8Array) => {
        const found = keys.find(({ publicKey }) => toHex(publicKey) === toHex(key));
        if (found === undefined) throw new Error("nobody");
        return { keys: found, address: key, onion: [] };
      };
      const certificate = certify(header, seats, { genesisRoot, personOf });
      return { header, seats, certificate, appointed: [] };
    };

    it("that certify a block of their own", async () => {
      const block = forged(await ledger.at(31), strangers, 1_000_000_000n);
      await expectCodeAsync(() => verifyLightBlock(genesis, block, options), "LIGHT_STRANGERS");
    });

    it("with a key twice, however heavy", async () => {
      const [founder] = chain.founders;
      if (founder === undefined) throw new Error("no founders");
      const keys = [founder.keys, founder.keys, founder.keys, stranger];
      const block = forged(await ledger.at(31), keys, 1_000_000_000n);
      await expectCodeAsync(() => verifyLightBlock(genesis, block, options), "LIGHT_SEATS");
    });

    it("with less than a third of the believed weight, whatever weight they claim", async () => {
      const [founder, second] = chain.founders;
      if (founder === undefined || second === undefined) throw new Error("no founders");
      const block = forged(await ledger.at(31), [founder.keys, ...strangers], 1_000_000_000n);
      await expectCodeAsync(() => verifyLightBlock(genesis, block, options), "LIGHT_STRANGERS");
      // Two of the four are more than a third: then one of them is correct, by assumption.
      const linked = forged(
        await ledger.at(31),
        [founder.keys, second.keys, stranger],
        1_000_000_000n,
      );
      expect((await verifyLightBlock(genesis, linked, options)).height).to.equal(31);
    });

    it("with a key nobody can register", async () => {
      const good = await ledger.at(31);
      const zero = { publicKey: new Uint8Array(32), sign: () => new Uint8Array(64) };
      const block = forged(good, [...chain.founders.map(({ keys }) => keys), zero], 10n);
      await expectCodeAsync(() => verifyLightBlock(genesis, block, options), "LIGHT_SEATS");
    });
  });
});

describe("light client over a complete change of seats", () => {
  it("follows the appointments where no old seat signs", async () => {
    const ledger = new LightChain(new TestChain());
    const { chain } = ledger;
    const genesis = trustGenesis(chain.genesis);
    ledger.advanceTo(3);
    // The three heaviest founders lose their rating; from epoch 3 on one seat is left.
    for (const index of [1, 2, 3]) {
      const node = chain.head.state.nodes.at(index);
      const fork = chain.head.state.fork();
      fork.nodes.set(index, { ...node, rating: 0n });
      fork.root();
      chain.head.state.absorb(fork);
    }
    ledger.advanceTo(56);
    const last = await ledger.at(56);
    expect(last.seats).to.have.length(1);
    await expectCodeAsync(() => verifyLightBlock(genesis, last, { verify }), "LIGHT_STRANGERS");
    const { blocks, isComplete } = (await ledger.service.route(0, 56)) ?? { blocks: [] };
    expect(isComplete).to.equal(true);
    expect(blocks.map(({ header }) => header.height)).to.deep.equal([15, 31, 56]);
    expect((await verifyLightBlocks(genesis, blocks, { verify })).height).to.equal(56);
    const change = blocks.at(-2);
    if (change === undefined) throw new Error("no change");
    const bare = [{ ...change, appointed: [] }, last];
    await expectCodeAsync(() => verifyLightBlocks(genesis, bare, { verify }), "LIGHT_STRANGERS");
  });
});

describe("light block size", () => {
  it("is bounded by the type", () => {
    // With all of 1,024 seats; a standard chain has 520 at most, 58 KB.
    expect(LightBlock.maxSize).to.be.below(120_000);
  });
});
