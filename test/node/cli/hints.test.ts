import { expect } from "chai";
import { Command } from "commander";
import { hintsOf } from "../../../node/cli/hints.ts";
import { Output } from "../../../node/cli/output.ts";
import { shellQuote } from "../../../node/shell-quote.ts";

const sink = { write: () => true };

function program(): Command {
  const status = new Command("status").option("--data-dir <dir>").option("--api <url>");
  const verify = new Command("verify").argument("<dir>");
  const list = new Command("list").option("--data-dir <dir>").option("--api <url>");
  const job = new Command("job").addCommand(list);
  return new Command("poml").addCommand(status).addCommand(verify).addCommand(job);
}

async function hints(args: readonly string[], env: Record<string, string> = {}) {
  const root = program();
  let action = root;
  root.hook("preAction", (_, running) => {
    action = running;
  });
  for (const child of root.commands) child.action(() => undefined);
  await root.parseAsync([...args], { from: "user" });
  const context = { output: new Output(sink, sink), env, signal: new AbortController().signal };
  return hintsOf(root, action, { ...context, askPassphrase: async () => undefined });
}

describe("hints", () => {
  it("carry the data directory in use to the commands that take one", async () => {
    const { text } = await hints(["status", "--data-dir", "/srv/my node"]);
    expect(text("see `npx poml job list` and `npx poml verify m`")).equal(
      "see `npx poml job list --data-dir '/srv/my node'` and `npx poml verify m`",
    );
    expect(text("`npx poml job list --data-dir x`")).equal("`npx poml job list --data-dir x`");
    const byVariable = await hints(["status"], { POML_DATA_DIR: "/srv/node" });
    expect(byVariable.command("npx poml status")).equal("npx poml status --data-dir /srv/node");
  });

  it("carry the address that was named, and nothing where nothing was", async () => {
    const named = await hints(["status", "--api", "http://[::1]:9471"]);
    expect(named.command("npx poml job list")).equal("npx poml job list --api 'http://[::1]:9471'");
    expect((await hints(["status"])).command("npx poml job list")).equal("npx poml job list");
  });

  it("are quoted for a shell", () => {
    expect(shellQuote("plain/word-1.json")).equal("plain/word-1.json");
    expect(shellQuote("a b")).equal("'a b'");
    expect(shellQuote("it's")).equal(String.raw`'it'\''s'`);
    expect(shellQuote("")).equal("''");
    expect(shellQuote("$(rm -r ~)")).equal("'$(rm -r ~)'");
  });
});
