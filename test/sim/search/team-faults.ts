/** Random faults against a team that keeps a lease log: what is safe stays safe, and writing goes on once they end. */
import { Random } from "../random.ts";
import { Timeline } from "../timeline.ts";
import { SimulatedTeam } from "./team-network.ts";

export interface TeamOutcome {
  readonly findings: readonly string[];
  readonly takeovers: number;
  readonly written: number;
}

const FAULTS_MS = 60_000;
const CALM_MS = 90_000;
const UNITS = 1_000_000;

export function simulateTeam(seed: number): TeamOutcome {
  const random = new Random(seed);
  const timeline = new Timeline();
  const size = random.pick([1, 2, 3, 3, 4, 5, 5, 7]);
  const loss = random.chance(0.5) ? 0.3 * random.next() : 0;
  const slowestMs = random.pick([50, 300, 2_500]);
  let groups: readonly number[] = Array.from({ length: size }, () => 0);
  let takeovers = 0;
  let written = 0;
  let ids = 0;
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
      onEffect: (_member, effect) => {
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
  // As many as the rules bear: a majority keeps its journals.
  const mayForget = Math.ceil(size / 2) - 1;
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
  for (let i = 0; i < size; i++) team.start(i, false);
  const before = written;
  timeline.run(FAULTS_MS + 16_000 + CALM_MS, () => false);
  const findings = [...team.findings];
  if (written < before + 3) findings.push("nothing is written after the faults");
  const { leader } = team;
  const log = leader === undefined ? [] : (team.member(leader)?.log ?? []);
  for (const sequence of team.safe.keys()) {
    if (sequence > log.length) findings.push(`entry ${sequence} was safe and is lost`);
  }
  return { findings, takeovers, written };
}
