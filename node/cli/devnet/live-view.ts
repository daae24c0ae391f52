/** What the terminal shows while the demo job runs: the chain, the round, one bar per participant. */
import type { EventJson } from "../../api/contract/event.ts";
import { EVENT_DATA } from "../../api/contract/event.ts";
import type { TrainDetail, TrainRound } from "../../api/contract/jobs/train.ts";
import { percent } from "../format.ts";
import { roundLine, stateText } from "../job/show.ts";
import type { Bar, Progress } from "../progress.ts";
import type { RunningNode } from "./network.ts";

export class LiveView {
  readonly #progress: Progress;
  readonly #chain: Bar;
  readonly #shards = new Map<number, Bar>();
  readonly #nodes: number;
  #height = 0;
  #accuracy = "";
  #stage = "";
  #done = 0;

  constructor(progress: Progress, nodes: number) {
    this.#progress = progress;
    this.#nodes = nodes;
    this.#chain = progress.bar("network", { isMain: true });
  }

  /** Follows the events of every node until the signal fires; a broken stream is no failure. */
  watch(nodes: readonly RunningNode[], signal: AbortSignal): void {
    for (const { client } of nodes) {
      client.events(undefined, (event) => this.#take(event), signal).catch(() => undefined);
    }
  }

  stage(text: string): void {
    this.#stage = text;
    this.#draw();
  }

  line(text: string): void {
    this.#progress.line(text);
  }

  job(job: TrainDetail): void {
    const committed = job.participants.filter(({ committed }) => committed).length;
    const isRunning = job.outcome.state === "running" && job.round > 0;
    const ofRound = isRunning ? committed / job.participants.length : 0;
    this.#done = job.outcome.state === "done" ? 1 : (job.recordedRounds + ofRound) / job.rounds;
    this.stage(stateText(job));
    for (const { node, name } of job.participants) {
      if (!this.#shards.has(node)) this.#shards.set(node, this.#progress.bar(name));
    }
  }

  round(round: TrainRound, job: TrainDetail): void {
    this.#accuracy = `accuracy ${percent(round.metrics.accuracy)}`;
    this.line(roundLine(round, job));
    this.#draw();
  }

  stop(): void {
    this.#progress.stop();
  }

  #take(event: EventJson): void {
    if (event.type === "block") {
      const block = EVENT_DATA.block.safeParse(event.data).data;
      if (block !== undefined && block.height > this.#height) {
        this.#height = block.height;
        this.#draw();
      }
    } else if (event.type === "training") {
      const training = EVENT_DATA.training.safeParse(event.data).data;
      if (training === undefined || training.steps === 0) return;
      const { round, step, steps, loss } = training;
      const text = `round ${round}, step ${step}/${steps}${loss === undefined ? "" : `, loss ${loss.toFixed(3)}`}`;
      this.#shards.get(training.node)?.update(step / steps, text);
    }
  }

  #draw(): void {
    const parts = [`height ${this.#height}`, `${this.#nodes} nodes`, this.#stage, this.#accuracy];
    this.#chain.update(this.#done, parts.filter((part) => part !== "").join(" · "));
  }
}
