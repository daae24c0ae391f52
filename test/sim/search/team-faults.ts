/** Random faults against a team that keeps a lease log: what is safe stays safe, and writing goes on once they end. */
import { equalBytes } from "../../../chain/crypto/hash.ts";
import { leaseRoot } from "../../../chain/workload/search/lease-log.ts";
import type { LogEntry, MemberMessage } from "../../../node/jobs/search/leases/member-messages.ts";
import { Random } from "../random.ts";
import { Timeline } from "../timeline.ts";
import { SimulatedTeam } from "./team-network.ts";

export interface TeamOutcome {
  readonly findings: readonly string[];
  readonly takeovers: number;
  readonly written: number;
  /** Members that found a second log of one manager. */
  readonly accusers: number;
  /** When the liar first told another log. */
  readonly liedAt: number | undefined;
  /** When the first of them did, in ms of virtual time; the liar is there for 76 s. */
  readonly accusedAt: number | undefined;
}

const FAULTS_MS = 60_000;
const CALM_MS = 90_000;
const UNITS = 1_000_000;

/** The log that a lying manager tells some members: from its second entry on each grant names another lane. */
class SecondLog {
  readonly #entries = new Map<string, LogEntry>();

  /** When its first entry that differs was told. */
  liedAt: number | undefined;

  falsify(message: MemberMessage, now: number): MemberMessage {
    if (message.kind !== "append") return message;
    let before: LogEntry | undefined;
    const entries = message.entries.map((logged) => {
      before = this.#other(logged, before, message.view);
      return before;
    });
    if (entries.some((entry, i) => entry !== message.entries[i])) this.liedAt ??= now;
    return { ...message, entries };
  }

  #other(logged: LogEntry, told: LogEntry | undefined, view: number): LogEntry {
    const { entry } = logged.signed;
    if (entry.view !== view) return logged;
    const before = told ?? this.#entries.get(`${view}/${entry.sequence - 1}`);
    const isGrant = entry.kind === 0;
    const previous = before === undefined ? entry.previous : leaseRoot(before.signed.entry);
    const other = { ...entry, previous, lane: isGrant ? 7 : entry.lane };
    const signed = { ...logged.signed, entry: other };
    const made = { ...logged, signed };
    this.#entries.set(`${view}/${entry.sequence}`, made);
    return made;
  }
}

/** @param lies one member writes two logs whenever it manages: odd positions get the other one */
export function simulateTeam(seed: number, lies = false): TeamOutcome {
  const random = new Random(seed);
  const timeline = new Timeline();
  const size = random.pick(lies ? [3, 4, 5, 5, 7] : [1, 2, 3, 3, 4, 5, 5, 7]);
  const liar = lies ? random.between(0, Math.min(2, size - 1)) : undefined;
  const secondLog = new SecondLog();
  const accusers = new Set<number>();
  let accusedAt: number | undefined;
  const loss = random.chance(0.5) ? 0.3 * random.next() : 0;
  const slowestMs = random.pick([50, 300, 2_500]);
  let groups: readonly number[] = Array.from({ length: size }, () => 0);
  let takeovers = 0;
  let written = 0;
  let ids = 0;
  const findings: string[] = [];
  const isCalm = (): boolean => timeline.now > FAULTS_MS;
  const team = new SimulatedTeam(
    { size, units: UNITS },
    {
      timeline,
      random,
      delay: (from, to) => {
        if (isCalm()) return 5 + random.next() * 50;
        if (groups[from] !== groups[to] || random.chance(loss)) return undefined;
        return 1 + random.next() * slowestMs;
      },
      falsify: (from, to, message) =>
        from === liar && to % 2 === 1 ? secondLog.falsify(message, timeline.now) : message,
      isVoid: (entry) => entry.manager === team.team[liar ?? -1],
      onEffect: (member, effect) => {
        if (effect.kind === "fork") {
          if (effect.member !== liar) findings.push(`member ${effect.member} is accused`);
          accusers.add(member);
          accusedAt ??= timeline.now;
        }
        if (effect.kind === "lead" && effect.view > 0) takeovers++;
        if (effect.kind === "written") written++;
      },
    },
  );
  const write = (i: number): void => {
    const log = team.member(i)?.log ?? [];
    const leases = log.filter(({ signed }) => signed.entry.kind === 0).length;
    const from = leases * 10;
    const grant = { lease: leases + 1, node: random.between(1, 9), lane: 0, from, to: from + 10 };
    team.write(i, ++ids, { kind: "grant", ...grant });
  };
  const work = (): void => {
    for (const i of team.team.keys()) if (team.member(i)?.isLeading === true) write(i);
    timeline.after(random.between(20, 900), work);
  };
  work();
  // As many as the rules bear: a majority keeps its journals, and is honest.
  const mayForget = Math.ceil(size / 2) - (lies ? 2 : 1);
  let forgetful = 0;
  const fail = (): void => {
    if (isCalm()) return;
    const member = random.between(0, size - 1);
    const pick = random.next();
    if (pick < 0.4) {
      const wasUp = team.isUp(member);
      team.kill(member);
      const forgets = wasUp && forgetful < mayForget && random.chance(0.15);
      if (forgets) forgetful++;
      timeline.after(random.between(100, 15_000), () => team.start(member, forgets));
    } else if (pick < 0.7) {
      groups = groups.map(() => random.between(0, 1));
    } else groups = groups.map(() => 0);
    timeline.after(random.between(300, 9_000), fail);
  };
  timeline.after(random.between(0, 3_000), fail);
  timeline.run(FAULTS_MS + 16_000, () => false);
  // Two logs are compared at the next takeover.
  if (liar !== undefined) team.kill(liar);
  for (let i = 0; i < size; i++) if (i !== liar) team.start(i, false);
  const before = written;
  timeline.run(FAULTS_MS + 16_000 + CALM_MS, () => false);
  findings.push(...team.findings);
  if (written < before + 3) findings.push("nothing is written after the faults");
  const { leader } = team;
  const log = leader === undefined ? [] : (team.member(leader)?.log ?? []);
  for (const sequence of team.safe.keys()) {
    if (sequence > log.length) findings.push(`entry ${sequence} was safe and is lost`);
  }
  const honest = [...team.team.keys()].filter((i) => i !== liar);
  // What was under way at the end may not have reached everybody.
  const shared = log.slice(0, -20).at(-1)?.signed.entry;
  const same = honest.filter((i) => {
    const own = team.member(i)?.log[(shared?.sequence ?? 0) - 1]?.signed.entry;
    const isHere = shared !== undefined && own !== undefined;
    return isHere && equalBytes(leaseRoot(own), leaseRoot(shared));
  });
  // A member that promised its turn to a candidate who failed follows again at the next takeover.
  if (same.length <= size / 2) findings.push("no majority of honest members has one log");
  return {
    findings,
    takeovers,
    written,
    accusers: accusers.size,
    liedAt: secondLog.liedAt,
    accusedAt,
  };
}
