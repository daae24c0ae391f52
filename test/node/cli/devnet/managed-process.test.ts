import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ManagedProcess } from "../../../../node/cli/devnet/managed-process.ts";
import { familyRssKib } from "../../../../node/cli/devnet/memory.ts";
import { freePorts } from "../../../../node/cli/devnet/ports.ts";

describe("ManagedProcess", () => {
  let directory: string;
  const start = (...args: string[]) =>
    ManagedProcess.start({
      name: "child",
      args,
      logPath: join(directory, "child.log"),
      env: process.env,
    });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "poml-process-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("reports an unexpected end with the end of the log", async () => {
    const child = await start("help", "exit-codes");
    const error = await child.unexpectedEnd();
    expect(error.code).equal("PROCESS_ENDED");
    expect(error.message).contain("exit status 0").and.contain("stopped by Ctrl-C");
    expect(child.isRunning).equal(false);
  });

  it("counts the child's memory while it runs, and stops it", async () => {
    const token = join(directory, "token");
    await writeFile(token, "some-token-text", { mode: 0o600 });
    const child = await start("worker", "--connect", "ws://127.0.0.1:1", "--token-file", token);
    expect(child.isRunning).equal(true);
    const own = await familyRssKib(child.pid ?? 0);
    expect(own).greaterThan(1024);
    expect(await familyRssKib(process.pid)).greaterThan(own);
    await child.stop(5000);
    expect(child.isRunning).equal(false);
    expect(await familyRssKib(child.pid ?? 0)).equal(0);
  });
});

describe("freePorts", () => {
  it("gives different ports", async () => {
    const ports = await freePorts(12);
    expect(new Set(ports).size).equal(12);
  });
});
