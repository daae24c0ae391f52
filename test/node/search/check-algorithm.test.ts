import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { SHIPPED, shippedModule } from "../../../ml/search/shipped-algorithms.ts";
import { newHelper } from "../../../node/compose/helpers.ts";
import type { HelperLimits } from "../../../node/helpers/helper.ts";
import { checkAlgorithm } from "../../../node/search/check-algorithm.ts";
import { SILENT } from "../../../p2p/log.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { compileExample, FaultyToys, readExample } from "../../helpers/toy-algorithm.ts";
import { run } from "../cli/support.ts";

const CALL = { signal: new AbortController().signal, turn: { group: "test", member: "" } };
const LIMITS: HelperLimits = { timeMs: 120_000, cpuMs: 120_000, memoryBytes: 2 ** 31 };

describe("a module that is to be an algorithm", function () {
  this.timeout(180_000);
  let toys: FaultyToys;
  let helper: ReturnType<typeof newHelper>;
  let directory: string;
  before(async () => {
    helper = newHelper(SILENT);
    directory = await mkdtemp(join(tmpdir(), "poml-algorithm-"));
    toys = await FaultyToys.compile();
  });
  after(async () => {
    await helper.stop();
    await rm(directory, { recursive: true });
  });

  it("is tried in another process, which is killed when it never ends", async () => {
    const good = await checkAlgorithm(toys.with(), helper, CALL, LIMITS);
    expect(good).deep.include({ hash: toHex(sha256(toys.with())), pages: 11, maxPages: 11 });
    const { pid } = helper;
    for (const fault of ["never ends", "never ends for some nonces"] as const) {
      const limits = { ...LIMITS, cpuMs: 700 };
      const check = () => checkAlgorithm(toys.with(fault), helper, CALL, limits);
      const { facts } = await expectCodeAsync(check, "ALGORITHM_ENDLESS");
      expect(facts).deep.include({ what: "cpu", limit: 700 });
      expect(helper.pid).equal(undefined);
    }
    // And the next one has a process again.
    await checkAlgorithm(toys.with(), helper, CALL, LIMITS);
    expect(helper.pid).a("number").and.not.equal(pid);
  });

  it("is refused with the reason, and the process continues", async () => {
    const check = (bytes: Uint8Array) => () => checkAlgorithm(bytes, helper, CALL, LIMITS);
    const trap = await expectCodeAsync(check(toys.with("traps in search")), "ALGORITHM_TRAPPED");
    expect(trap.facts).deep.include({ call: "search" });
    const { pid } = helper;
    await expectCodeAsync(check(toys.with("skips nonces")), "ALGORITHM_RESULT");
    await expectCodeAsync(check(new Uint8Array(3)), "ALGORITHM_MALFORMED");
    expect(helper.pid).equal(pid);
  });

  it("of the documentation compiles and passes, by the commands in the documentation", async () => {
    const example = await readExample();
    expect(example.source.split("\n").length).lessThan(60);
    const file = join(directory, "toy.wasm");
    await writeFile(file, await compileExample(example));
    const args = example.check.map((word) => (word === "toy.wasm" ? file : word));
    const { exit, stdout, stderr } = await run(args);
    expect(exit, stderr).equal(0);
    expect(stdout).contain("keeps the rules");
  });

  it("is checked and listed on the command line", async () => {
    const listed = await run(["algorithm", "list", "--json"]);
    const { algorithms } = JSON.parse(listed.stdout) as { algorithms: { hash: string }[] };
    expect(algorithms.map(({ hash }) => hash)).deep.equal(SHIPPED.map(({ hash }) => hash));
    for (const name of ["sha256", "sha256d", "blake2b"] as const) {
      expect((await run(["algorithm", "list"])).stdout).contain(name);
      expect(algorithms.map(({ hash }) => hash)).contain(toHex(sha256(await shippedModule(name))));
    }
    const bad = join(directory, "bad.wasm");
    await writeFile(bad, toys.with("puts its output over its input"));
    const refused = await run(["algorithm", "check", bad, "--json"]);
    expect(refused.exit).equal(5);
    expect(JSON.parse(refused.stdout).error).deep.include({ code: "ALGORITHM_RESULT" });
    await writeFile(bad, new Uint8Array(300_000));
    expect((await run(["algorithm", "check", bad])).exit).equal(5);
    const missing = await run(["algorithm", "check", join(directory, "none.wasm")]);
    expect(missing.exit).equal(3);
    expect((await run(["algorithm", "check", directory])).exit).equal(3);
  });
});
