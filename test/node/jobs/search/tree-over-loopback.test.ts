/**
 * The tree of a search with the real services, disks and connections: seven participants of a fan-out of 2, so that
 * leases go down three levels. Only the chain stands still, and the workers are stand-ins.
 */
import { expect } from "chai";
import type { Job } from "../../../../chain/types/job.ts";
import type { Payloads } from "../../../../chain/types/transaction.ts";
import { unitCount } from "../../../../chain/workload/search/units.ts";
import { systemClock } from "../../../../node/clock.ts";
import { systemDisk } from "../../../../node/disk.ts";
import type { JobService } from "../../../../node/jobs/dispatch.ts";
import { LeaseTree } from "../../../../node/jobs/search/leases/tree.ts";
import { LiveSearches } from "../../../../node/jobs/search/live-searches.ts";
import { type SearchModules, searchParts } from "../../../../node/jobs/search/search-parts.ts";
import { SearchTroubles } from "../../../../node/jobs/search/search-troubles.ts";
import { PeerMessages } from "../../../../node/network/peer-messages.ts";
import { UNBOUNDED } from "../../../../node/storage/room.ts";
import { SILENT } from "../../../../p2p/log.ts";
import { SearchStory } from "../../../helpers/search-run.ts";
import { TemporaryFolders } from "../../../helpers/temporary.ts";
import { until } from "../../../helpers/until.ts";
import { Hosts } from "../../../p2p/support.ts";
import { STAND_IN_FILES, standInSearchers } from "../../../sim/jobs/stand-in-searchers.ts";
import { Random } from "../../../sim/random.ts";

const NODES = 8;
const UNITS = 150n;
const DEEP = { most: 2, least: 1 };

interface Machine {
  readonly node: number;
  readonly live: LiveSearches;
  readonly services: readonly JobService[];
  readonly commits: Payloads["job-commit"][];
}

describe("tree of a search over loopback", function () {
  this.timeout(150_000);

  const hosts = new Hosts();
  const folders = new TemporaryFolders();
  const machines: Machine[] = [];
  after(async () => {
    for (const { services } of machines) for (const service of services) service.stop();
    await hosts.stopAll();
    await folders.removeAll();
  });

  it("leases, searches and acknowledges on all levels, and the team sees who does what", async () => {
    const order = { participants: 7, quorum: 4, teamSize: 3, from: 0n, to: UNITS * 64n, mode: 1 };
    const story = new SearchStory({ nodes: NODES, order });
    const { job } = story;
    const peers: string[] = [];
    const messages: PeerMessages[] = [];
    const addresses: string[] = [];
    for (let node = 0; node < NODES; node++) {
      const host = await hosts.start();
      for (const address of addresses) await host.dial(address);
      addresses.push(host.multiaddrs()[0] ?? "");
      peers.push(host.peerId);
      const own = new PeerMessages(host);
      await own.start();
      messages.push(own);
    }
    for (let node = 0; node < NODES; node++) {
      machines.push(await machine(node, story, messages[node], (other) => peers[other] ?? ""));
    }
    for (const { node, services } of machines) {
      for (const service of services) service.onJobs([job], node);
    }
    const participants = job.participants.map(({ node }) => node);
    const working = machines.filter(({ node }) => participants.includes(node));
    await until(() => working.every(({ commits }) => commits.length > 0), 100_000, "all commits");

    const counted = working.reduce((sum, { commits }) => sum + (commits[0]?.units ?? 0), 0);
    expect(BigInt(counted)).equal(unitCount(story.search));
    const tree = new LeaseTree({ participants, round: 1 }, DEEP);
    expect(participants.map((node) => tree.above(node).length)).include.members([0, 1, 2]);
    const member = machines.find(({ node }) => job.team.includes(node));
    const searched = (node: number): number => {
      const { nodes = [] } = member?.live.of(job) ?? {};
      return nodes.find((one) => one.node === node)?.units ?? 0;
    };
    const isSeen = ({ node, commits }: Machine): boolean => searched(node) === commits[0]?.units;
    // A member that does not manage has the last entries with the next beat.
    await until(() => working.every(isSeen), 30_000, "what the team sees of all nodes");
    const seen = member?.live.of(job);
    expect(seen?.seenBy).equal("team");
    const below = seen?.nodes.filter(({ node }) => tree.above(node).length > 0) ?? [];
    expect(below.some(({ units }) => units > 0)).equal(true);
    for (const { node, units, unitsPerSecond } of seen?.nodes ?? []) {
      if (units > 0) expect(unitsPerSecond, `node ${node}`).above(0);
    }
  });

  async function machine(
    node: number,
    story: SearchStory,
    messages: PeerMessages | undefined,
    peerOf: (node: number) => string,
  ): Promise<Machine> {
    const { chain } = story;
    const { state } = chain.head;
    const { keys } = chain.personOfNode(node);
    const commits: Payloads["job-commit"][] = [];
    const live = new LiveSearches();
    const random = new Random(node);
    const searchers = standInSearchers(
      { msPerUnit: 60, failures: 0, lie: "none" },
      { clock: systemClock, random, began: () => {}, worked: () => {} },
    );
    const log = { ...SILENT, child: () => log };
    const modules = {
      ...STAND_IN_FILES,
      chain: {
        state,
        height: chain.height,
        genesisRoot: chain.genesisRoot,
        onBlock: () => () => {},
      },
      messages,
      peerOf,
      searchers,
      fanOut: DEEP,
      duties: {
        send: async (payload: { readonly value: Payloads["job-commit"] }) => {
          commits.push(payload.value);
          return new Uint8Array(32);
        },
      },
      blobs: { putWithheld: async () => new Uint8Array(32).fill(1) },
      keeper: { begin: async () => ({ finish: async () => {}, discard: async () => {} }) },
      troubles: new SearchTroubles(),
      disk: systemDisk,
      clock: { ...systemClock, now: () => 0 },
      room: UNBOUNDED,
      lanes: () => 1,
      live,
      evidence: { report: async () => {} },
      random: () => random.next(),
      log,
    } as unknown as SearchModules;
    const dataDir = await folders.create();
    const parts = searchParts({ keys, dataDir }, modules);
    const accepted = { accepts: (_: Job) => true, found: () => {} };
    const services = parts.services(accepted as unknown as Parameters<typeof parts.services>[0]);
    return { node, live, services, commits };
  }
});
