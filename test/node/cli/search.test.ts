/** `poml search` from the order to the certificate, against a node whose network really hashes. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { fromHex, sha256, toHex } from "../../../chain/crypto/hash.ts";
import { shippedModule } from "../../../ml/search/shipped-algorithms.ts";
import type { ServedFile } from "../../../node/blobs/served-file.ts";
import { identityFromSeed, writeKeyFile } from "../../../node/wallet/key-file.ts";
import { compileExample, readExample } from "../../helpers/toy-algorithm.ts";
import { CliStage } from "./support.ts";

interface Found {
  readonly nonce: string;
  readonly digest: string;
  readonly message: string;
}

/** No part of what a module does: it makes another file of it. */
const CUSTOM_SECTION = Uint8Array.of(0, 2, 1, 0x78);

function served(bytes: Uint8Array | undefined): ServedFile | undefined {
  if (bytes === undefined) return undefined;
  return {
    sizeBytes: bytes.length,
    sha256: toHex(sha256(bytes)),
    async *read() {
      yield bytes;
    },
  };
}

describe("poml search", function () {
  this.timeout(60_000);
  let stage: CliStage;

  before(async () => {
    stage = await CliStage.open();
    stage.test.node.unitsARound = 1;
  });
  after(() => stage.close());

  /** Orders without waiting, lets the network search, then follows. */
  const search = async (...args: string[]) => {
    const ordered = await stage.json("search", "--detach", "--algorithm", "sha256", ...args);
    stage.test.node.runJobs();
    return String(ordered.id);
  };

  it("shows how fast each node searches while a round is under way", async () => {
    const { node } = stage.test;
    const ordered = await stage.json(
      "search",
      "--detach",
      "--zero-bits",
      "200",
      "--count",
      "65536",
    );
    const id = String(ordered.id);
    const job = async () => (await node.jobs.find(fromHex(id)))?.job;
    while (((await job())?.round ?? 0) === 0) node.advance();
    const plain = await stage.json("job", "show", id);
    expect(plain).include({ phase: "training" }).and.not.have.property("live");
    const [first, second] = ((await job())?.participants ?? []).map((one) => one.node);
    node.liveSearch = () => ({
      seenBy: "team",
      manager: { node: second ?? 0, view: 1 },
      searched: [{ from: 0, to: 2 }],
      leased: [{ from: 3, to: 4 }],
      nodes: [
        { node: first ?? 0, units: 2, unitsPerSecond: 0.5 },
        { node: second ?? 0, units: 0, unitsPerSecond: 0 },
      ],
    });
    node.advance();
    const { live, spec } = await stage.json("job", "show", id);
    const unit = 2 ** (spec as { unitBits: number }).unitBits;
    expect(live).deep.include({
      searchedUnits: 2,
      leasedUnits: 1,
      searched: [{ from: "0", to: String(2 * unit) }],
      leased: [{ from: String(3 * unit), to: String(4 * unit) }],
    });
    const { manager } = live as { manager: { node: number; name: string; view: number } };
    expect(manager).include({ node: second, view: 1 }).and.have.property("name");
    const [fast] = (live as { nodes: { hashesPerSecond: number; name: string }[] }).nodes;
    expect(fast?.hashesPerSecond).equal(unit / 2);
    const { stdout } = await stage.run("job", "show", id);
    expect(stdout).match(/outcome +searching/);
    expect(stdout).contain(`${fast?.name} ${(unit / 2000).toFixed(1)} kH/s`);
    expect(stdout).match(/0\.00 % recorded, \d+\.\d+ % searched, \d+\.\d+ % leased/);
    node.liveSearch = () => undefined;
    node.runJobs();
  });

  it("finds, shows what can be checked by hand, and proves it", async () => {
    const hello = ["--prefix-text", "hello", "--zero-bits", "8", "--bonus", "1.5"];
    const id = await search(...hello, "--count", "4096");
    const job = await stage.json("job", "watch", id);
    expect(job).include({ kind: "search", algorithmName: "sha256" });
    expect(job.outcome).include({ state: "done" });
    const [find] = job.finds as Found[];
    expect(find?.message).match(/^68656c6c6f[0-9a-f]{16}$/);
    expect(find?.digest).match(/^00/);
    const message = Buffer.from(find?.message ?? "", "hex");
    expect(createHash("sha256").update(message).digest("hex")).equal(find?.digest);
    expect(message.readBigUInt64LE(5).toString()).equal(find?.nonce);
    const settlement = job.settlement as Record<string, string>;
    expect(settlement.bonus).equal("1500000");
    const parts = Object.values(settlement).reduce((sum, part) => sum + BigInt(part), 0n);
    expect(parts.toString()).equal(job.escrow);

    const shown = await stage.run("job", "show", id);
    expect(shown.exit).equal(0);
    expect(shown.stdout)
      .contain("68656c6c6f || nonce (8 bytes, little endian)")
      .and.contain("8 zero bits")
      .and.contain("█")
      .and.contain(`printf ${find?.message} | xxd -r -p | sha256sum`);
    const listed = await stage.run("job", "list");
    expect(listed.stdout).contain("search").and.contain("1 found");
    const watched = await stage.run("job", "watch", id.slice(0, 12));
    expect(watched.exit).equal(0);
    expect(watched.stdout).contain("H/s").and.contain(find?.digest).and.contain("job result");

    const out = join(stage.directory, "found");
    const { anchorHeight } = await stage.json("job", "result", id, "--out", out);
    const trust = `${anchorHeight}:${await blockHash(Number(anchorHeight))}`;
    const verified = await stage.run("verify", out, "--trust", trust);
    expect(verified.stderr).equal("");
    expect(verified.exit).equal(0);
    expect(verified.stdout)
      .contain("hashed again here")
      .and.contain("+ coverage:")
      .and.contain("+ hashes: node #")
      .and.contain("that nobody kept a find to himself");
    const model = await stage.run("verify", out, "--trust", `${anchorHeight}:${"ab".repeat(32)}`);
    expect(model.exit).equal(5);
  });

  it("reports a search without a find, finds all, and finds the best", async () => {
    const none = await stage.json(
      "job",
      "watch",
      await search("--zero-bits", "200", "--count", "3000"),
    );
    expect(none).deep.include({ finds: [], open: [], progress: 1, searched: "3000" });
    expect(none.outcome).include({ state: "done" });
    const from = ["--prefix", "00ff", "--from", "5000", "--to", "8000", "--endian", "big"];
    const all = await stage.json(
      "job",
      "watch",
      await search(...from, "--zero-bits", "8", "--mode", "all"),
    );
    const expected: string[] = [];
    const digests: [string, number][] = [];
    for (let nonce = 5000; nonce < 8000; nonce++) {
      const message = Buffer.alloc(10);
      message.writeUInt16BE(0x00ff);
      message.writeBigUInt64BE(BigInt(nonce), 2);
      const digest = createHash("sha256").update(message).digest("hex");
      digests.push([digest, nonce]);
      if (digest.startsWith("00")) expected.push(String(nonce));
    }
    expect((all.finds as Found[]).map(({ nonce }) => nonce)).deep.equal(expected);
    const best = await stage.json(
      "job",
      "watch",
      await search(...from, "--zero-bits", "0", "--mode", "best"),
    );
    const [smallest] = digests.sort();
    expect((best.finds as Found[]).map(({ nonce }) => nonce)).deep.equal([String(smallest?.[1])]);
  });

  it("follows by itself what it ordered", async () => {
    const playing = setInterval(() => stage.test.node.runJobs(), 50);
    const { exit, stdout, stderr } = await stage.run(
      ...["search", "--algorithm", "sha256", "--zero-bits", "6", "--payer", "node"],
    );
    clearInterval(playing);
    expect(stderr).contain("chosen: nonces 0 up to 4096");
    expect(stdout).contain("round 1:").and.contain("digest").and.contain("It has found");
    expect(exit).equal(0);
  });

  it("names the wrong option when it refuses", async () => {
    for (const [args, says] of [
      [["--zero-bits", "300"], "zeroBits: must be a whole number from 0 to 255"],
      [["--zero-bits", ""], "zeroBits: must be a whole number"],
      [["--zero-bits", "0x10"], "zeroBits: must be a whole number"],
      [["--zero-bits", "1e1"], "zeroBits: must be a whole number"],
      [["--zero-bits", "8", "--team", "2"], "teamSize: must be a whole number from 3 to 16"],
      [["--zero-bits", "8", "--count", "0"], "count: 0 nonces"],
      [["--zero-bits", "8", "--prefix", "abc"], "prefix"],
      [["--zero-bits", "8", "--prefix", "ab", "--prefix-text", "a"], "prefix"],
      [["--zero-bits", "8", "--endian", "middle"], "endian"],
      [["--zero-bits", "8", "--nonce-bytes", "5"], "nonceBytes"],
      [["--zero-bits", "8", "--to", "5", "--count", "5"], "count"],
      [["--zero-bits", "8", "--from", "x", "--count", "5"], "from"],
      [["--zero-bits", "8", "--mode", "worst"], "mode"],
      [["--zero-bits", "8", "--redundancy", "101"], "redundancy"],
      [["--zero-bits", "8", "--price", "1e3"], "price"],
      [["--zero-bits", "8", "--payer", "you"], "payer"],
    ] as const) {
      const { exit, stderr } = await stage.run("search", ...args);
      expect(exit, `${args}`).equal(2);
      expect(stderr, `${args}`).contain(says).and.contain("try:");
    }
    const nothing = await stage.run("search");
    expect(nothing.exit).not.equal(0);
    expect(nothing.stderr).contain("target: is missing").and.contain("zeroBits");
    const unknown = await stage.run("search", "--algorithm", "md5", "--zero-bits", "8");
    expect(unknown.stderr).contain("nothing is called md5").and.contain("sha256d");
    const model = await stage.run(
      "job",
      "result",
      await search("--zero-bits", "4"),
      "--out",
      stage.directory,
    );
    expect(model.stdout).contain("The certificate is in");
  });

  it("brings an owner's own module to the node", async () => {
    const file = join(stage.directory, "toy.wasm");
    await writeFile(file, await compileExample(await readExample()));
    const added = await stage.json("algorithm", "add", file);
    expect(added.hash).match(/^[0-9a-f]{64}$/);
    const args = ["--detach", "--zero-bits", "4", "--algorithm"];
    const ordered = await stage.json("search", ...args, String(added.hash));
    const shown = await stage.json("job", "show", String(ordered.id));
    expect(shown).include({ algorithm: added.hash });
    await writeFile(file, "no module");
    const refused = await stage.run("search", ...args, file);
    expect(refused.exit).not.equal(0);
    expect(refused.stderr).contain("the module cannot be read");
  });

  it("hashes finds of an owner's own module again, or says that it could not", async () => {
    const { node } = stage.test;
    // What the test before ordered.
    node.runJobs();
    // The network of this test hashes with SHA-256, so another module of that function is right and the toy is not.
    const own = Buffer.concat([await shippedModule("sha256"), CUSTOM_SECTION]);
    const toy = await compileExample(await readExample());
    const file = async (name: string, bytes: Uint8Array): Promise<string> => {
      await writeFile(join(stage.directory, name), bytes);
      return join(stage.directory, name);
    };
    const ownFile = await file("own.wasm", own);
    const toyFile = await file("other-toy.wasm", toy);
    const found = async (module: string, name: string) => {
      const out = join(stage.directory, name);
      const order = ["--zero-bits", "6", "--count", "2048", "--algorithm", module];
      const { id } = await stage.json("search", "--detach", ...order);
      node.runJobs();
      const { anchorHeight } = await stage.json("job", "result", String(id), "--out", out);
      const trust = `${anchorHeight}:${await blockHash(Number(anchorHeight))}`;
      return (...more: string[]) => stage.run("verify", out, "--trust", trust, ...more);
    };
    const verify = await found(ownFile, "by-own");
    const without = await verify();
    expect(without.exit, without.stdout + without.stderr).equal(8);
    expect(without.stdout).contain("NOT CHECKED").and.contain("is not here to hash them again");
    expect(without.stdout).contain("by the word of more than half of the team");
    const json = JSON.parse((await verify("--json")).stdout) as Record<string, unknown>;
    expect(json).include({ verified: false });
    expect(json.unchecked).to.have.length(1);

    const withFile = await verify("--algorithm", ownFile);
    expect(withFile.exit, withFile.stdout + withFile.stderr).equal(0);
    expect(withFile.stdout).contain("hashed again here").and.not.contain("NOT CHECKED");
    const withOther = await verify("--algorithm", toyFile);
    expect(withOther.exit).equal(5);
    expect(withOther.stderr).contain("is another module than the search used");
    expect((await verify("--algorithm", join(stage.directory, "none.wasm"))).exit).equal(3);

    const { blob } = node.files;
    node.files.blob = async (hash) => served(node.modules.get(toHex(hash)));
    const fromNode = await verify("--api", stage.test.url);
    expect(fromNode.exit, fromNode.stderr).equal(0);
    // A result that is downloaded now has the module beside it.
    const beside = await found(ownFile, "beside");
    const offline = await beside();
    expect(offline.exit, offline.stdout + offline.stderr).equal(0);
    await writeFile(join(stage.directory, "beside", "algorithm.wasm"), toy);
    expect((await beside()).exit).equal(5);
    node.files.blob = blob;

    const wrong = await (await found(toyFile, "by-toy"))("--algorithm", toyFile);
    expect(wrong.exit).equal(5);
    expect(wrong.stderr).match(/NOT verified: not proved: nonce \d+ hashes to/);
  });

  it("votes for an algorithm, and takes the vote back", async () => {
    const key = join(stage.directory, "founder.key");
    await writeKeyFile(key, identityFromSeed(sha256(new TextEncoder().encode("founder 0"))));
    const { node } = stage.test;
    const vote = (...args: string[]) =>
      stage.json("algorithm", "certify", ...args, "--wallet", key);
    expect((await vote("sha256d")).height).to.be.a("number");
    expect(node.state().algorithmVotes.map((one) => one.node)).deep.equal([0]);
    const listed = await stage.run("algorithm", "list");
    expect(listed.stdout).match(/^sha256d +SHA-256 of the SHA-256.* shipped +takes part/m);
    expect(listed.stdout).match(/^sha256d +certify it +\d+\.\d % +\d+\.\d % +#0$/m);
    expect((await vote("sha256d", "--against")).height).to.be.a("number");
    expect(node.state().algorithmVotes).deep.equal([]);
    const bad = await stage.run("algorithm", "certify", "md5", "--wallet", key);
    expect(bad.exit).equal(2);
    expect(bad.stderr).contain("algorithm list");
  });

  async function blockHash(height: number): Promise<string> {
    const { hash } = (await (await fetch(`${stage.test.url}/v1/blocks/${height}`)).json()) as {
      hash: string;
    };
    return hash;
  }
});
