/**
 * A search that takes several rounds, by real processes. Lanes go on while a round is committed to and recorded: when the
 * chain comes to the next one, they have leases of it already. Each unit is paid once, the escrow is divided, and
 * `poml verify` takes the certificate.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import type { SearchRound } from "../../../node/api/contract/jobs/search.ts";
import { downloadResult } from "../../../node/cli/job/download.ts";
import { LiveSearch, type SeenSearch } from "../../helpers/live-search.ts";
import { LocalNetwork, type LocalNode } from "../../helpers/local-network.ts";
import { until } from "../../helpers/until.ts";
import { measured } from "./harness/measured.ts";
import { expectWhole, fruitlessOrder, SEARCH_MS } from "./harness/whole-search.ts";

const PHASE_SECONDS = 8;
/** Two cores take 15 s for it, and a round takes 4 to 6. */
const NONCES = 80_000_000;
const NODES = 4;
const LEAST_ROUNDS = 3;
const MAIN = fileURLToPath(new URL("../../../node/main.ts", import.meta.url));

describe("a search of several rounds", function () {
  this.timeout(3 * SEARCH_MS);

  let net: LocalNetwork;

  before(async () => {
    // Whole claims of newcomers would be replayed beside the search, by the same workers.
    net = await LocalNetwork.create({ nodes: NODES, parameters: { newcomerAudits: 0 } });
    await net.start();
  });
  after(() => net?.stop());

  it("keeps its lanes busy between rounds, pays every unit once, and is proved", async function () {
    try {
      const order = { ...fruitlessOrder("rounds", NONCES), phaseSeconds: PHASE_SECONDS };
      const search = await LiveSearch.order(net, order, SEARCH_MS);
      await search.untilSeen("a lease", ({ live }) => live.leasedUnits > 0);
      const begin = performance.now();
      const begun = await firstLooks(search, net.at(0));
      const searchMs = performance.now() - begin;

      const { job, rounds, units } = await expectWhole(search.id, net.at(1));
      expect(rounds.length, "recorded rounds").at.least(LEAST_ROUNDS);
      for (const { round, live } of begun.filter((look) => look.round > 1)) {
        // The log has what was searched when a lease ends, so at first it may have the leases alone.
        const ahead = live.searchedUnits + live.leasedUnits;
        expect(ahead, `units leased or searched when round ${round} began`).above(0);
      }

      const directory = join(net.directory, "rounds");
      const { anchorHeight } = await downloadResult(net.at(1).client, job, directory);
      const { hash } = await net.at(2).client.block(anchorHeight);
      const trust = ["--trust", `${anchorHeight}:${hash}`];
      const { stdout } = await promisify(execFile)(process.execPath, [
        MAIN,
        "verify",
        directory,
        ...trust,
      ]);
      expect(stdout).match(/coverage/);
      measured(this, {
        units,
        rounds: rounds.length,
        ahead: begun
          .map(({ live }) => `${live.searchedUnits} searched, ${live.leasedUnits} leased`)
          .join("; "),
        busyShare: searchedMs(rounds) / (NODES * searchMs),
        ms: searchMs,
      });
    } catch (error) {
      throw net.explained(error);
    }
  });
});

/** Each round as it was first seen, until the search is over. */
async function firstLooks(search: LiveSearch, witness: LocalNode): Promise<readonly SeenSearch[]> {
  const looks = new Map<number, SeenSearch>();
  const isOver = async (): Promise<boolean> => {
    const job = await search.seen();
    if (job === undefined) return (await search.seenBy(witness)).closedAt !== undefined;
    if (!looks.has(job.round)) looks.set(job.round, job);
    return false;
  };
  await until(isOver, SEARCH_MS, "the end of the search");
  return [...looks.values()];
}

/** Of all lanes together, as they say. */
function searchedMs(rounds: readonly SearchRound[]): number {
  const contributions = rounds.flatMap((round) => round.contributions);
  return contributions.reduce((sum, { workMs }) => sum + workMs, 0);
}
