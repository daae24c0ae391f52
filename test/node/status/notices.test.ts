import { expect } from "chai";
import { peerHeights } from "../../../node/network/peer-heights.ts";
import type { NodeStatus } from "../../../node/status/node-status.ts";
import type { Notice } from "../../../node/status/notice.ts";
import { NoticeWatch } from "../../../node/status/notice-watch.ts";
import { healthStatus, noticesOf, stallMs } from "../../../node/status/notices.ts";
import type { NodeLog } from "../../../node/telemetry/log.ts";
import { FixtureNode } from "../../helpers/fixture-node.ts";

const ADDRESS = "/ip4/203.0.113.7/tcp/9470/ws/p2p/12D3KooWpeer";

describe("notices", () => {
  const base: NodeStatus = {
    ...new FixtureNode().status(),
    lastWindow: undefined,
    height: 5,
    headTime: 100_000,
    uptimeSeconds: 3600,
    peerHeights: { highest: 5, silentMs: 0 },
  };
  const context = { now: 101_000, blockIntervalMs: 1000, voters: 4 };
  const of = (changes: Partial<NodeStatus>, now = context.now): Notice[] =>
    noticesOf({ ...base, ...changes }, { ...context, now });
  const failed = (code: "DIAL_FAILED" | "WRONG_NETWORK", reason: string, network?: string) => ({
    address: ADDRESS,
    state: "failed" as const,
    failures: 1,
    failure: { code, reason, network },
  });
  const searching = (found: { networkHead?: number; contradicted?: string }) => ({
    history: undefined,
    snapshot: {
      stage: "peers" as const,
      done: 0,
      total: 0,
      trust: 900,
      networkHead: undefined,
      contradicted: undefined,
      ...found,
    },
  });

  it("are none for a node that is well", () => {
    expect(of({})).to.deep.equal([]);
    const reached = {
      address: ADDRESS,
      state: "reached" as const,
      failures: 0,
      failure: undefined,
    };
    expect(of({ bootstrap: [reached] })).to.deep.equal([]);
  });

  it("name a peer that is refused, why, and until when", () => {
    const refused = {
      peerId: "12D3KooWpeer",
      standing: "banned" as const,
      code: "WRONG_BLOB",
      reason: "the peer sent other bytes",
      score: -60,
      remainingMs: 1_000_500,
    };
    const [notice] = of({ refusedPeers: [{ ...refused, remainingMs: 5 }, refused] });
    expect(notice).to.include({ code: "PEERS_REFUSED", level: "note" });
    expect(notice?.message).to.equal(
      "peer 12D3KooWpeer is refused for another 1001 s (WRONG_BLOB: the peer sent other bytes), and 1 more",
    );
  });

  it("name a remote worker that sent wrong work, and what its owner can do", () => {
    const worker = { kind: "remote" as const, task: undefined };
    const [notice, ...others] = of({
      workers: [
        { ...worker, id: "remote-1", state: "busy" },
        { ...worker, id: "remote-2", state: "set-aside" },
      ],
    });
    expect(others).to.deep.equal([]);
    expect(notice).to.include({ code: "WORKER_SET_ASIDE", level: "note" });
    expect(notice?.message).to.include("remote-2 sent work").and.not.include("remote-1");
    expect(notice?.remedy).to.include("npx poml rotate-worker-token");
  });

  it("say that this node's key signs elsewhere, before all else, and how to go on", () => {
    const keyElsewhere = { kind: "proposal", height: 77 } as const;
    const [notice] = of({ keyElsewhere, hasDiskRoom: false });
    expect(notice).to.include({ code: "KEY_ELSEWHERE", level: "problem" });
    expect(notice?.message).to.include(
      "a proposal that this node did not sign was received at height 77",
    );
    expect(notice?.remedy).to.include("--resume-signing");
    expect(healthStatus({ ...base, keyElsewhere, syncing: true }, context)).to.equal(
      "key-elsewhere",
    );
  });

  it("say how many bootstrap nodes were reached, and why not the others", () => {
    const bootstrap = [failed("DIAL_FAILED", "connect ECONNREFUSED 203.0.113.7:9470")];
    const [notice] = of({ bootstrap, peers: [] });
    expect(notice).to.include({ code: "NO_BOOTSTRAP", level: "problem" });
    expect(notice?.message).to.equal(
      "0 of 1 bootstrap nodes reached: 203.0.113.7:9470 does not answer (nothing listens on that port)",
    );
    expect(notice?.remedy).to.contain("p2p.bootstrap");
    const trying = { address: ADDRESS, state: "trying" as const, failures: 0, failure: undefined };
    expect(of({ bootstrap: [trying], peers: [] })[0]).to.include({
      code: "CONNECTING",
      level: "note",
    });
    // Whoever has peers by another way needs no bootstrap node.
    expect(of({ bootstrap })).to.deep.equal([]);
  });

  it("tell another chain by its genesis and ours", () => {
    const bootstrap = [failed("WRONG_NETWORK", "does not follow", "abcdef0123456789")];
    const genesisRoot = new Uint8Array(32).fill(0xde);
    const [notice] = of({ bootstrap, genesisRoot, peers: [] });
    expect(notice).to.include({ code: "OTHER_CHAIN", level: "problem" });
    expect(notice?.message).to.contain("0 of 1 bootstrap nodes reached");
    expect(notice?.message).to.contain("genesis abcdef012345…, yours dededededede…");
  });

  it("tell a trusted block from the future, and one that peers contradict", () => {
    expect(of({ syncing: true, joining: searching({}) })).to.deep.equal([]);
    const [future] = of({ syncing: true, joining: searching({ networkHead: 41 }) });
    expect(future).to.include({ code: "TRUST_ABOVE_HEAD", level: "problem" });
    expect(future?.message).to.equal("the trusted block 900 is above the network's head 41");
    expect(of({ syncing: true, joining: searching({ networkHead: 900 }) })).to.deep.equal([]);
    const other = searching({ networkHead: 950, contradicted: "ab".repeat(32) });
    expect(of({ syncing: true, joining: other })[0]).to.include({ code: "TRUST_CONTRADICTED" });
  });

  it("tell a chain that stands still from a node that is alone", () => {
    expect(of({}, 109_900)).to.deep.equal([]);
    expect(of({}, 111_000)[0]?.message).to.contain("no block for 11 s").and.contain("2/3");
    expect(of({ peers: [] }, 111_000)[0]).to.include({ code: "ALONE" });
    expect(of({ syncing: true }, 111_000)).to.deep.equal([]);
    expect(healthStatus(base, { ...context, now: 111_000 })).to.equal("stalled");
    expect(of({ hasDiskRoom: false }, 111_000).map(({ code }) => code)).to.deep.equal([
      "DISK_FULL",
    ]);
  });

  it("wait as long for a block as three lost rounds of this chain may last", () => {
    for (const [interval, expected] of [
      [200, 9_200],
      [1_000, 10_000],
      [6_000, 60_000],
      [60_000, 510_000],
    ] as const) {
      expect(stallMs(interval), `${interval} ms`).to.equal(expected);
      const slow = { ...context, blockIntervalMs: interval };
      const late = (ms: number) => noticesOf(base, { ...slow, now: base.headTime + ms });
      expect([late(expected), late(expected + 1).length]).to.deep.equal([[], 1]);
    }
  });

  describe("of a node whose last block is old", () => {
    const now = 3_000_000;
    const at = (highest: number | undefined, silentMs = 0) => ({ highest, silentMs });
    const facts = (changes: Partial<NodeStatus>): string[] => [
      healthStatus({ ...base, ...changes }, { ...context, now }),
      ...of(changes, now).map(({ code, message }) => `${code}: ${message}`),
    ];

    it("say that it catches up as soon as a peer is higher, whether or not blocks are fetched yet", () => {
      const expected = ["syncing", "CATCHING_UP: 2942 blocks behind, catching up"];
      const behind = { peerHeights: at(2947), idleMs: 2_000 };
      expect(facts({ ...behind, uptimeSeconds: 2, syncing: false })).to.deep.equal(expected);
      expect(facts({ ...behind, syncing: true })).to.deep.equal(expected);
      // A pause of an hour leaves the uptime long.
      expect(facts({ ...behind, uptimeSeconds: 7200 })).to.deep.equal(expected);
    });

    it("do not let a peer that brings nothing pass for catching up", () => {
      const behind = { peerHeights: at(1_000_000), idleMs: 61_000 };
      const [health, notice] = facts(behind);
      expect(health).to.equal("stalled");
      expect(notice).to.equal(
        "NOT_BROUGHT: 999995 blocks behind, but no peer has sent one for 61 s",
      );
      expect(facts({ ...behind, syncing: true })[1]).to.equal(notice);
    });

    it("look for no absent voters right after a start", () => {
      for (const changes of [{ peers: [] }, { peerHeights: at(undefined) }, {}]) {
        const [health, notice, ...more] = facts({ ...changes, uptimeSeconds: 5 });
        expect([health, more]).to.deep.equal(["syncing", []]);
        expect(notice).to.include("STARTING");
      }
    });

    it("tell peers that say nothing from peers that have no block either", () => {
      expect(facts({})[1]).to.include("STALLED").and.include("the peers have none either");
      expect(facts({ peerHeights: at(undefined, 8_000) })[1]).to.include("STARTING");
      const silent = facts({ peerHeights: at(undefined, 45_000) });
      expect(silent[0]).to.equal("stalled");
      expect(silent[1]).to.equal(
        "PEERS_SILENT: no block for 2900 s, and for 45 s none of 3 peers has reported its height",
      );
      expect(facts({ peers: [], peerHeights: at(undefined, 45_000) })[1]).to.include("ALONE");
    });

    it("do not wait for peers where there are no others", () => {
      const alone = { peers: [], peerHeights: at(undefined, 9_000), uptimeSeconds: 5 };
      expect(noticesOf({ ...base, ...alone }, { ...context, now, voters: 1 })[0]).to.include({
        code: "STALLED",
      });
    });
  });

  it("explain a window that measured low on a busy machine", () => {
    const lastWindow = { window: 3, lanes: 1, segments: 4, coreShare: 0.25 };
    const [notice] = of({ lastWindow });
    expect(notice).to.include({ code: "MEASURED_LOW", level: "note" });
    expect(notice?.message).to.contain("window 3").and.contain("75 %");
    expect(of({ lastWindow: { ...lastWindow, coreShare: 0.95 } })).to.deep.equal([]);
  });
});

describe("notices of searches", () => {
  const base: NodeStatus = {
    ...new FixtureNode().status(),
    lastWindow: undefined,
    peerHeights: { highest: 0, silentMs: 0 },
  };
  const job = new Uint8Array(32).fill(0xab);
  const far = {
    job,
    code: "TOO_FAR",
    lanes: 2,
    lanesInAll: 4,
    rttMs: 1_200,
    leaseMs: 61_200,
  } as const;
  const of = (changes: Partial<NodeStatus>): Notice[] => {
    const now = base.headTime;
    return noticesOf({ ...base, ...changes }, { now, blockIntervalMs: 1000, voters: 4 });
  };

  it("say that a manager is too far away, with figures and what its owner can do", () => {
    const [notice, ...others] = of({ searchTroubles: [{ ...far, lost: 0.624 }] });
    expect(others).to.deep.equal([]);
    expect(notice).to.include({ code: "SEARCH_TOO_FAR", level: "note" });
    expect(notice?.message).to.equal(
      "search abababababab…: 2 of 4 workers lost 62 % of the time on asking for leases and waiting (round trip 1200 ms, leases of 61 s), so now and then the manager gives none for a minute",
    );
    expect(notice?.remedy).to.include("faster connection").and.include("jobs.allow");
  });

  it("are one a kind, and say how many other searches it holds for", () => {
    const other = new Uint8Array(32).fill(1);
    const notices = of({
      searchTroubles: [
        { ...far, lost: 0.6 },
        { ...far, job: other, lost: 0.7 },
        { job, code: "RESTING", lanes: 1, lanesInAll: 1 },
        { job: other, code: "NO_MANAGER", silentMs: 31_400 },
      ],
    });
    const codes = notices.map(({ code }) => code);
    expect(codes).to.deep.equal(["SEARCH_TOO_FAR", "SEARCH_RESTING", "SEARCH_NO_MANAGER"]);
    const [tooFar, resting, unmanaged] = notices.map(({ message }) => message);
    expect(tooFar).to.include("1 more search likewise");
    expect(resting).to.include("this node's worker had leases");
    expect(unmanaged).to.include("for 31 s");
  });

  it("are told once in the log while only their figures change", () => {
    let searchTroubles: NodeStatus["searchTroubles"] = [{ ...far, lost: 0.6 }];
    const lines: string[] = [];
    const write = (message: string): number => lines.push(message);
    const log = { warn: write, info: write } as unknown as NodeLog;
    const watch = new NoticeWatch(() => of({ searchTroubles }), { log });
    watch.look();
    searchTroubles = [{ ...far, lost: 0.71, lanes: 3, rttMs: 900, leaseMs: 75_000 }];
    watch.look();
    expect(lines).to.have.length(1);
    searchTroubles = [];
    watch.look();
    watch.look();
    expect(lines.slice(1)).to.deep.equal(["no longer so"]);
  });

  it("name the proven fault of a node first, and what is left to do", () => {
    const [notice] = of({ slashedAt: 77 });
    expect(notice).to.include({ code: "SLASHED", level: "problem" });
    expect(notice?.message).to.include("proven in block 77");
    expect(notice?.remedy).to.include("npx poml bond show");
  });
});

describe("peer heights", () => {
  it("count only recent reports of the highest", () => {
    const heard = [
      { height: 7, at: 90_000 },
      { height: 9, at: 95_000 },
      { height: 50, at: 10_000 },
    ];
    expect(peerHeights(heard, 5_000, 100_000)).to.deep.equal({ highest: 9, silentMs: 0 });
    expect(peerHeights(heard, 5_000, 200_000)).to.deep.equal({
      highest: undefined,
      silentMs: 5_000,
    });
  });
});

describe("the log of notices", () => {
  it("contains each once, again when it changes, and when it is over", () => {
    const lines: string[] = [];
    const write = (level: string) => (message: string, facts: object) =>
      lines.push(`${level} ${message} ${JSON.stringify(facts)}`);
    const log = { warn: write("warn"), info: write("info") } as unknown as NodeLog;
    const notice = (message: string): Notice => ({
      code: "A",
      level: "problem",
      message,
      remedy: "r",
    });
    let notices: Notice[] = [notice("no block for 6 s")];
    const watch = new NoticeWatch(() => notices, { log });
    watch.look();
    notices = [notice("no block for 7 s")];
    watch.look();
    notices = [notice("no block for 8 s")];
    watch.look();
    expect(lines).to.deep.equal(['warn no block for 6 s {"code":"A","remedy":"r"}']);
    notices = [notice("other")];
    watch.look();
    notices = [];
    watch.look();
    watch.look();
    expect(lines.slice(1)).to.deep.equal([
      'warn other {"code":"A","remedy":"r"}',
      'info no longer so {"code":"A"}',
    ]);
  });
});
