/** The page in a real browser: outcomes, addresses, notices, and focus that survives blocks. */
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { searchProgress } from "../../../chain/workload/search/search-of.ts";
import { toOrderRequest } from "../../../node/api/job-order.ts";
import type { OrderRequest } from "../../../node/jobs/order-request.ts";
import { launchChromium } from "../../helpers/chromium.ts";
import { FixtureNode } from "../../helpers/fixture-node.ts";
import type { TrainOrder } from "../../helpers/job-run.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";
import { until } from "../../helpers/until.ts";
import { withUnrated } from "../../helpers/window-run.ts";
import { startApi, type TestApi } from "../api/support.ts";

const UNKNOWN = "ab".repeat(32);

describe("the page", function () {
  this.timeout(60_000);
  let browser: Browser;
  let page: Page;
  let test: TestApi;
  const node = new FixtureNode();
  const ids = { done: "", undrawn: "", cancelled: "" };
  const problems: string[] = [];

  const open = async (name: string, spec: Partial<TrainOrder>): Promise<string> => {
    const { chain } = node;
    return toHex(await node.submit(openJob(chain, chain.client, jobSpec(name, spec))));
  };

  before(async function () {
    browser = await launchChromium(this);
    const { chain } = node;
    withUnrated(chain, 5);
    ids.done = await open("whole", { rounds: 2 });
    node.runJobs();
    ids.undrawn = await open("too many", {
      rounds: 1000,
      participants: 9,
      quorum: 9,
      phaseBlocks: 4,
    });
    node.runJobs();
    ids.cancelled = await open("called off", { rounds: 5 });
    node.advance();
    await node.submit(
      chain.transaction(chain.client, "job-cancel", { job: fromHex(ids.cancelled) }),
    );
    node.runJobs();
    const limits = { strangersBurst: 1e6, strangersPerSecond: 1e6 };
    test = await startApi({ limits }, node);
    page = await browser.newPage();
    page.on("pageerror", ({ message }) => problems.push(message));
    // A refused style or script is told here only.
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) problems.push(message.text());
    });
  });
  after(async () => {
    await browser?.close();
    await test?.stop();
  });
  afterEach(() => expect(problems.splice(0)).to.deep.equal([]));

  const goto = async (address: string): Promise<void> => {
    await page.goto("about:blank");
    await page.goto(`${test.url}/${address}`);
  };
  const text = async (selector: string): Promise<string> =>
    (await page.locator(selector).textContent()) ?? "";

  it("distinguishes done, cancelled and undrawn jobs, in the list and on their pages", async () => {
    await goto("#/");
    const row = (name: string) => page.locator("tr", { hasText: name });
    await row("whole").locator('[data-outcome="done"]').waitFor();
    await row("called off").locator('[data-outcome="cancelled"]').waitFor();
    const undrawn = row("too many");
    expect(await undrawn.locator('[data-outcome="undrawn"]').textContent()).to.equal("not drawn");
    expect(await undrawn.textContent())
      .to.contain("0 / 1000")
      .and.not.contain("settled");
    await goto(`#/jobs/${ids.undrawn}`);
    await page.getByText("Nobody could be drawn for it: a round needs 9 nodes").waitFor();
    await page.getByText("with a smaller quorum").waitFor();
    await goto(`#/jobs/${ids.cancelled}`);
    await page.getByText("Its client cancelled it before a round was recorded.").waitFor();
    const cancelled = await text("main");
    expect(cancelled).not.to.contain("no model yet").and.not.contain("under way");
    expect(await page.locator("a[download]").count()).to.equal(0);
    await goto(`#/jobs/${ids.done}`);
    await page.getByText("All 2 rounds are recorded.").waitFor();
    expect(await page.locator("a[download]").count()).to.equal(4);
    expect(await text("main"))
      .to.contain("every bit equal")
      .and.not.contain("0 audits under way");
  });

  it("shows a search: its coverage, its finds, and how much each node hashed", async () => {
    const { kind, order } = toOrderRequest({
      kind: "search",
      algorithm: "sha256",
      prefix: "68656c6c6f",
      mode: "all",
      zeroBits: 9,
      to: 8192,
    });
    const { id } = await node.submitJob({ kind, order } as OrderRequest, undefined);
    node.runJobs();
    await goto(`#/jobs/${toHex(id)}`);
    await page.getByText("100.0 %").first().waitFor();
    const found = (await node.jobs.find(id))?.job;
    if (found === undefined) throw new Error("no job");
    const { finds } = searchProgress(found);
    expect(await page.locator(".coverage .mark").count()).to.equal(finds.length);
    expect(await page.locator(".coverage .gap").count()).to.equal(0);
    const shown = await text("main");
    expect(shown)
      .to.contain(`Nonce ${finds[0]?.nonce}`)
      .and.contain(toHex(finds[0]?.digest ?? id));
    expect(shown).to.contain("| xxd -r -p | sha256sum").and.contain("H/s");
    expect(shown).to.contain("adds up to the escrow").and.not.contain("does not add up");
    expect(await page.locator("a[download]").count()).to.equal(1);
    await goto("#/");
    await page
      .locator("tr", { hasText: "9 zero bits" })
      .getByText("search", { exact: true })
      .waitFor();
  });

  it("shows the speed of each node, the searched and the leased parts of a search under way", async () => {
    const { kind, order } = toOrderRequest({
      kind: "search",
      algorithm: "sha256",
      mode: "all",
      zeroBits: 200,
      to: 2 ** 20,
    });
    const { id } = await node.submitJob({ kind, order } as OrderRequest, undefined);
    const job = async () => (await node.jobs.find(id))?.job;
    while (((await job())?.round ?? 0) === 0) node.advance();
    const { team = [], participants = [] } = (await job()) ?? {};
    const [first = 0] = participants.map((one) => one.node);
    expect(team).not.to.deep.equal([]);
    let units = 2;
    node.liveSearch = () => ({
      seenBy: "team",
      searched: [{ from: 0, to: units }],
      leased: [{ from: units, to: units + 3 }],
      nodes: [{ node: first, units, unitsPerSecond: 2 }],
    });
    await goto(`#/jobs/${toHex(id)}`);
    await page.getByText("now, by 1 node").waitFor();
    await page.getByText("searching").first().waitFor();
    expect(await page.locator(".track .done").count()).to.equal(1);
    expect(await page.locator(".track .held").count()).to.equal(1);
    expect(await text("main"))
      .to.contain("searched in this round, ")
      .and.contain("H/s")
      .and.contain("0.0 %");
    const width = async (): Promise<number> =>
      Number.parseFloat(await page.evaluate('document.querySelector(".track .done").style.width'));
    const before = await width();
    units = 4;
    node.advance();
    await until(async () => (await width()) > 1.9 * before, 20_000, "move of the bar");
    node.liveSearch = () => undefined;
  });

  it("saves the files of a model, and no refusal in place of a file", async () => {
    await goto(`#/jobs/${ids.done}`);
    const saved = page.waitForEvent("download");
    await page.getByRole("link", { name: "model.json" }).click();
    expect((await saved).suggestedFilename()).to.equal("model.json");
    await page.route("**/model/weights.bin", (route) =>
      route.fulfill({ status: 404, json: { detail: "the model is on none of the nodes" } }),
    );
    await page.getByRole("link", { name: "weights.bin" }).click();
    await page.getByText("The model is on none of the nodes.").waitFor();
    await page.unroute("**/model/weights.bin");
  });

  it("says that there is nothing at unknown addresses", async () => {
    await goto("#/");
    for (const [address, title] of [
      ["#/nonsense", "No such page"],
      ["#/jobs", "Nothing has this name"],
      ["#/jobs/..%2f..%2fstatus", "Nothing has this name"],
      ["#/blocks/1/2", "No such page"],
      ["#jobs", "No such page"],
      ["#/constructor/x", "No such page"],
      [`#/jobs/${UNKNOWN}`, "No such job"],
      [`#/nodes/${UNKNOWN}`, "No such node"],
      ["#/blocks/999999", "No such block"],
    ] as const) {
      await page.evaluate(`location.hash = ${JSON.stringify(address)}`);
      await page.getByRole("heading", { name: title }).waitFor();
      expect(await page.locator(".tiles").count(), address).to.equal(0);
      await page.evaluate("location.hash = '#/'");
      await page.locator(".tiles").waitFor();
    }
  });

  it("moves a bar that is already on the page", async () => {
    await goto("#/");
    const widths = await page.evaluate(`(async () => {
      const { meter } = await import("/assets/dom.js");
      const { patch } = await import("/assets/patch.js");
      const place = document.createElement("div");
      document.body.append(place);
      const shown = [0, 0.25, 0.75].map((share) => {
        patch(place, meter(share, "steps"));
        return place.querySelector("i").style.width;
      });
      place.remove();
      return shown;
    })()`);
    expect(widths).to.deep.equal(["0%", "25%", "75%"]);
  });

  it("keeps focus, opened rows and elements while blocks come", async () => {
    await goto("#/");
    const link = page.locator("tbody a").first();
    await link.focus();
    const mark = await link.evaluate((element) => {
      Object.assign(element, { mark: 7 });
      return element.textContent;
    });
    const tile = page.locator(".tile .value").first();
    for (let i = 0; i < 3; i++) {
      const { height } = node.advance().header;
      await page.locator(".tile").first().getByText(`${height}`, { exact: true }).waitFor();
    }
    expect(await tile.textContent()).to.equal(String(node.state().height));
    const focused = await page
      .locator(":focus")
      .evaluate((element) => ({ text: element.textContent, mark: Object(element).mark }));
    expect(focused).to.deep.equal({ text: mark, mark: 7 });
    const block = page.locator(".feed a").nth(2);
    const href = await block.getAttribute("href");
    await block.focus();
    const { height } = node.advance().header;
    await page.locator(`.feed a[href="#/blocks/${height}"]`).waitFor();
    expect(await page.locator(":focus").getAttribute("href")).to.equal(href);
  });

  it("says what the certificates of one, or of some, are worth", async () => {
    await goto("#/");
    await page.getByText("any one of the 4 voters may stop and the chain goes on").waitFor();
  });

  it("is not live on a wrong chain, and names that chain", async () => {
    await goto("#/");
    await page.locator('#live[data-state="live"]').waitFor();
    const failure = {
      code: "WRONG_NETWORK",
      reason: "another",
      network: "abcdef0123456789",
    } as const;
    const address = "/ip4/203.0.113.7/tcp/9470/ws/p2p/12D3KooWpeer";
    node.bootstrap = [{ address, state: "failed", failures: 1, failure }];
    node.advance();
    await page.locator('#live[data-state="problem"]').waitFor();
    expect(await text("#live")).to.equal("other chain");
    const notice = await text("#notices");
    expect(notice).to.contain("0 of 1 bootstrap nodes reached");
    expect(notice).to.contain("203.0.113.7:9470 is on another chain (genesis abcdef012345");
    node.bootstrap = [];
    node.advance();
    await page.locator('#live[data-state="live"]').waitFor();
  });

  it("notices by itself that no block comes any more", async () => {
    await goto("#/");
    await page.locator('#live[data-state="live"]').waitFor();
    test.clock.nowMs = Number(node.state().meta.time) + 60_000;
    await page.getByText("No block for 60 s").waitFor();
    expect(await text("#live")).to.equal("no new blocks");
    test.clock.nowMs = 0;
  });

  it("shows what is held against a node", async () => {
    const key = toHex(node.state().nodes.at(1).publicKey);
    await goto(`#/nodes/${key}`);
    await page.getByText("Nothing is held against this node").waitFor();
    const change = {
      cause: "not-served",
      fault: undefined,
      window: 7,
      segments: 2,
      node: 1,
      before: "5000000",
      after: "1000000",
      height: 3,
      time: 1,
      explanation: "window 7: at least three others asked for a segment and were not served",
    };
    await page.route(`**/v1/nodes/${key}/rating`, async (route) => {
      const answer = await route.fetch();
      const json = await answer.json();
      await route.fulfill({ json: { ...json, warnings: ["be reachable"], changes: [change] } });
    });
    await goto(`#/nodes/${key}`);
    await page.getByRole("heading", { name: "Penalties and warnings" }).waitFor();
    const held = await page.locator(".card", { hasText: "Penalties" }).first().textContent();
    expect(held).to.contain("Window 7: at least three others").and.contain("5.00 → 1.00");
    expect(held).to.contain("Be reachable.");
    expect(await text("main"))
      .to.contain("no reading of a meter")
      .and.not.contain("own meter");
  });
});
