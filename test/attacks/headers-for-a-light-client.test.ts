/**
 * Seats sign a second block of a height, for a light client alone: a node of theirs shows it a payment that the chain
 * never made. Gain sought: goods for a payment that is not there, without a fork that any node would see.
 *
 * A client that compares with one honest node hands both blocks to both; who signed both loses bond and votes.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { formatAddress } from "../../chain/crypto/address.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { voteSigningRoot } from "../../chain/finality/vote.ts";
import type { CertifiedBlock } from "../../chain/types/block.ts";
import type { LightBlock } from "../../chain/types/light.ts";
import type { Vote } from "../../chain/types/vote.ts";
import { PomlClient } from "../../node/api/client.ts";
import { writeGenesisFile } from "../../node/config/genesis-file.ts";
import { person, TestChain } from "../helpers/chain.ts";
import { finishedJob } from "../helpers/finished-job.ts";
import { EventLog, FixtureNode } from "../helpers/fixture-node.ts";
import { bondsOf, nodesWithVotes, percent } from "../helpers/forkers.ts";
import { LightChain } from "../helpers/light-chain.ts";
import { startApi, type TestApi } from "../node/api/support.ts";
import { run } from "../node/cli/support.ts";

const FOUNDERS = 10;
const FORKED_AT = 4;

/**
 * Two nodes of one chain, until block FORKED_AT: there the second shows a payment to `victim` that 70 % signed in
 * round 0.
 * @param round in which the first decided its own
 */
function twoNodes(round = 0) {
  const victim = person("victim").address;
  const [honest, lying] = [0, 1].map(() => {
    const light = new LightChain(
      new TestChain({ founders: FOUNDERS, parameters: { windowOffset: 1_000_000 } }),
    );
    light.advanceTo(FORKED_AT - 1);
    return light;
  }) as [LightChain, LightChain];
  const { state } = lying.chain.head;
  const guilty = nodesWithVotes(state, 67);
  const { chain } = lying;
  lying.advance(chain.transaction(chain.client, "transfer", { to: victim, amount: 5_000_000n }));
  onlySigners(lying.blocks, (seat) => guilty.includes(state.seats[seat]?.node ?? -1));
  honest.take(honest.chain.build([], round));
  return { victim, honest, lying, guilty };
}

/** Leaves the others' signatures out of the newest block. */
function onlySigners(blocks: CertifiedBlock[], signs: (seat: number) => boolean): void {
  const last = blocks.pop();
  if (last === undefined) throw new Error("no block");
  const signatures = last.certificate.signatures.filter(({ seat }) => signs(seat));
  blocks.push({ ...last, certificate: { ...last.certificate, signatures } });
}

describe("attack: headers signed for a light client alone", () => {
  const open: TestApi[] = [];
  const start = async (light: LightChain): Promise<TestApi> => {
    const test = await startApi({}, new FixtureNode(new EventLog(), light));
    open.push(test);
    return test;
  };
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "poml-light-"));
  });
  afterEach(async () => {
    for (const test of open.splice(0)) await test.stop();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("a witness ends it: the client believes neither block, and the signers lose bond and votes", async () => {
    const { victim, honest, lying, guilty } = twoNodes();
    const [real, shown] = [await start(honest), await start(lying)];
    const genesis = join(folder, "genesis.json");
    await writeGenesisFile(genesis, honest.chain.genesis);
    const fact = ["prove", "account", formatAddress(victim), "--genesis", genesis, "--api"];
    const alone = await run([...fact, shown.url]);
    expect(alone.exit, alone.stderr).to.equal(0);
    expect(alone.stdout).to.match(/balance\W+5\b.* POML/);

    const before = bondsOf(honest.chain.head.state, guilty);
    const { exit, stderr } = await run([...fact, shown.url, "--witness", real.url]);
    expect(exit).to.equal(5);
    expect(stderr).to.include(`two final blocks ${FORKED_AT}`);
    expect(stderr).to.include(`the witness accuses ${guilty.length} signers`);
    expect(stderr).to.include("trust neither node");
    real.node.advance();
    const { state } = honest.chain.head;
    const lost = before - bondsOf(state, guilty);
    const innocent = honest.chain.founders.length - guilty.length;
    process.stdout.write(
      `      ${guilty.length} of ${FOUNDERS} nodes signed both: ${percent(lost, before)} of their bonds lost, gain 5 POML from a client without a witness; the other ${innocent} lost nothing\n`,
    );
    expect(lost).to.equal(before);
    for (const [index, node] of state.nodes.entries()) {
      expect(node.slashedAt !== 0, `node ${index}`).to.equal(guilty.includes(index));
    }
    // On the chain of the lie the same people are accused, should it be the real one.
    shown.node.advance();
    expect(lying.chain.head.state.nodes.at(guilty[0] ?? 0).slashedAt).to.equal(FORKED_AT + 1);
  });

  it("signing in another round does not save the signers, if a node kept the later prevotes", async () => {
    const { honest, lying, guilty } = twoNodes(1);
    const real = await start(honest);
    const { chain } = honest;
    const { hash: blockHash, state } = chain.head;
    const prevote = (seat: number, validRound: number): Vote => {
      const unsigned = { height: FORKED_AT, round: 1, type: 0, blockHash, validRound };
      const { keys } = chain.personOfNode(state.seats[seat]?.node ?? 0);
      const signature = keys.sign(voteSigningRoot(chain.genesisRoot, unsigned));
      return { ...unsigned, seat, signature };
    };
    const client = new PomlClient(real.url);
    const foreign = await lying.at(FORKED_AT);
    const code = (): Promise<unknown> =>
      client.reportConflict(foreign).catch((error: { code: string }) => error.code);
    expect(await code()).to.equal("LIGHT_NOBODY_ACCUSED");
    // All but the first say that a polka of round 0 freed them, which is how an honest seat speaks.
    real.node.prevotes = state.seats.map((_, seat) => prevote(seat, seat === 0 ? 0 : 1));
    expect(await code()).to.equal(1);
    real.node.advance();
    expect(chain.head.state.nodes.at(state.seats[0]?.node ?? 0).slashedAt).to.equal(FORKED_AT + 1);
    const slashed = [...chain.head.state.nodes.values()].filter((node) => node.slashedAt !== 0);
    expect(slashed).to.have.length(1);
    expect(guilty).to.include(state.seats[0]?.node);
  });

  it("two nodes that agree prove the block as before", async () => {
    const { honest } = twoNodes();
    const real = await start(honest);
    const genesis = join(folder, "genesis.json");
    await writeGenesisFile(genesis, honest.chain.genesis);
    const own = formatAddress(honest.chain.client.address);
    const command = ["prove", "account", own, "--genesis", genesis, "--api", real.url];
    const { exit, stderr } = await run([...command, "--witness", real.url]);
    expect(exit, stderr).to.equal(0);
  });

  it("the certificate of a model is compared as well: two blocks of its height, and it is not verified", async () => {
    const [{ ledger: lying, files }, { ledger: honest }] = [
      await finishedJob(40),
      await finishedJob(39),
    ];
    const { chain } = honest;
    honest.advance(
      chain.transaction(chain.client, "transfer", { to: person("other").address, amount: 1n }),
    );
    const [real, same] = [await start(honest), await start(lying)];
    const model = join(folder, "model");
    await mkdir(model);
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(model, name), bytes);
    const genesis = join(folder, "genesis.json");
    await writeGenesisFile(genesis, chain.genesis);
    const verify = ["verify", model, "--genesis", genesis];
    for (const asked of [[], ["--witness", same.url]]) {
      const { exit, stderr } = await run([...verify, ...asked]);
      expect(exit, stderr).to.equal(0);
    }
    for (const asked of [[], ["--api", same.url]]) {
      const { exit, stderr } = await run([...verify, ...asked, "--witness", same.url, real.url]);
      expect(exit).to.equal(5);
      expect(stderr).to.include("two final blocks 40").and.include("the witness accuses");
      expect(stderr.includes("the node accuses")).to.equal(asked.length > 0);
    }
    const badUrl = await run([...verify, "--witness", "127.0.0.1:1"]);
    expect([badUrl.exit, badUrl.stderr]).to.satisfy(
      ([exit, text]: [number, string]) => exit === 2 && text.includes("witness"),
    );
  });

  it("nobody is accused by a block of this chain, altered signatures, or votes of another round", async () => {
    const { honest, lying } = twoNodes();
    const real = await start(honest);
    const client = new PomlClient(real.url);
    const foreign = await lying.at(FORKED_AT);
    const code = (block: LightBlock): Promise<unknown> =>
      client.reportConflict(block).then(
        () => "taken",
        ({ code, status }: { code: string; status: number }) => `${status} ${code}`,
      );
    expect(await code(await honest.at(FORKED_AT))).to.equal("422 LIGHT_NO_CONFLICT");
    const { certificate } = foreign;
    const [first, ...rest] = certificate.signatures;
    if (first === undefined) throw new Error("no signature");
    const signature = Uint8Array.from(first.signature);
    signature[5] = (signature[5] ?? 0) ^ 1;
    const forged = { ...certificate, signatures: [{ ...first, signature }, ...rest] };
    expect(await code({ ...foreign, certificate: forged })).to.equal("422 EVIDENCE_BAD_SIGNATURE");
    const later = { ...certificate, round: certificate.round + 1 };
    expect(await code({ ...foreign, certificate: later })).to.equal("422 LIGHT_NOBODY_ACCUSED");
    const far = { ...foreign.header, height: 1000 };
    expect(await code({ ...foreign, header: far })).to.equal("422 LIGHT_NOT_COMPARABLE");
    const others = foreign.seats.map((seat) => ({ ...seat, weight: seat.weight + 1n }));
    expect(await code({ ...foreign, seats: others })).to.equal("422 LIGHT_SEATS");
    real.node.advance();
    for (const { slashedAt, publicKey } of honest.chain.head.state.nodes.values()) {
      expect(slashedAt, toHex(publicKey)).to.equal(0);
    }
  });
});
