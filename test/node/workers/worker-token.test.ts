import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { writeGenesisFile } from "../../../node/config/genesis-file.ts";
import { openWorkerToken } from "../../../node/workers/worker-token.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { run } from "../cli/support.ts";

const API_TOKEN = "the-token-of-the-api";

describe("the worker token", () => {
  const folders = new TemporaryFolders();
  let path: string;
  beforeEach(async () => {
    path = join(await folders.create(), "worker-token");
  });
  after(() => folders.removeAll());

  it("is made for the owner's eyes only, once, and read again when it is asked for", async () => {
    const token = await openWorkerToken(path, API_TOKEN);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect((await readFile(path, "utf8")).trim()).to.equal(token.current);
    expect((await openWorkerToken(path, API_TOKEN)).current).to.equal(token.current);
    await writeFile(path, "another-token\n");
    await token.refresh();
    expect(token.current).to.equal("another-token");
  });

  it("lets nobody in while its file is gone, open to others, or the API token", async () => {
    const token = await openWorkerToken(path, API_TOKEN);
    await chmod(path, 0o644);
    await token.refresh();
    expect(token.current).to.equal(undefined);
    await chmod(path, 0o600);
    await writeFile(path, API_TOKEN);
    await token.refresh();
    expect(token.current).to.equal(undefined);
    await expectCodeAsync(() => openWorkerToken(path, API_TOKEN), "KEY_FILE_MALFORMED");
    await rm(path);
    await token.refresh();
    expect(token.current).to.equal(undefined);
  });

  it("comes with a data directory and is replaced by a command, which does not show it", async () => {
    const folder = await folders.create();
    const genesis = join(folder, "genesis.json");
    await writeGenesisFile(genesis, new TestChain().genesis);
    const dataDir = join(folder, "node");
    await run(["init", "--data-dir", dataDir, "--genesis", genesis]);
    const read = async (name: string): Promise<string> =>
      (await readFile(join(dataDir, name), "utf8")).trim();
    const [first, api] = [await read("worker-token"), await read("api-token")];
    expect(first).not.to.equal(api);
    const { exit, stdout } = await run(["rotate-worker-token", "--data-dir", dataDir]);
    expect(exit).to.equal(0);
    const second = await read("worker-token");
    expect(second).not.to.equal(first);
    expect(await read("api-token")).to.equal(api);
    expect(stdout).to.contain("worker-token").and.not.contain(second);
    expect((await stat(join(dataDir, "worker-token"))).mode & 0o777).to.equal(0o600);
    const nowhere = await run(["rotate-worker-token", "--data-dir", `${folder}-none`]);
    expect(nowhere.exit).to.equal(7);
  });
});
