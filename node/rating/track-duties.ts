/** Runs each duty of a track once; a failed duty is tried again at a later block. */
import type { Track } from "../../chain/types/track.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";

export class TrackDuties {
  readonly #flights: SingleFlight;
  readonly #done = new Set<string>();
  #track = 0;

  constructor(log: Pick<NodeLog, "warn">) {
    this.#flights = new SingleFlight((duty, error) => {
      this.#done.delete(duty);
      log.warn("work on the open track failed", { duty, reason: String(error) });
    });
  }

  start({ number }: Track, duty: string, job: (signal: AbortSignal) => Promise<void>): void {
    if (number !== this.#track) {
      this.#track = number;
      this.#done.clear();
    }
    const key = `${number}/${duty}`;
    if (this.#done.has(key)) return;
    this.#done.add(key);
    this.#flights.start(key, job);
  }

  stop(): void {
    this.#flights.stop();
  }
}
