/**
 * Shows progress to people: moving bars on a terminal, a plain line from time to time elsewhere (CI logs,
 * pipes). Nothing depends on it; a bar that is never finished costs nothing.
 */
import type { MultiBar, SingleBar } from "cli-progress";
import type { Output } from "./output.ts";

/** The shortest time between two plain lines of one bar; a detail is repeated only when it has changed. */
const PLAIN_EVERY_MS = 5000;
const PLAIN_STEP = 0.25;
/** A bar that has not moved is printed again after this time, with the time since it last moved. */
const PLAIN_AGAIN_MS = 30_000;

export interface Bar {
  /** @param done 0 to 1 */
  update(done: number, text: string): void;
}

export interface BarOptions {
  /** Plain output shows this bar even while it does not move, to show that the command still works. */
  readonly isMain?: boolean;
}

export interface Progress {
  bar(name: string, options?: BarOptions): Bar;
  /** A line that stays. */
  line(text: string): void;
  /** Removes the bars. */
  stop(): void;
}

export async function createProgress(output: Output): Promise<Progress> {
  if (!output.isLive) return plainProgress(output);
  const { MultiBar, Presets } = await import("cli-progress");
  const bars = new MultiBar(
    {
      format: "{name} {bar} {text}",
      stream: output.human as NodeJS.WritableStream,
      clearOnComplete: true,
      hideCursor: true,
      barsize: 24,
      fps: 8,
      emptyOnZero: true,
    },
    Presets.shades_classic,
  );
  return liveProgress(bars);
}

function liveProgress(bars: MultiBar): Progress {
  const made: SingleBar[] = [];
  return {
    bar(name) {
      const bar = bars.create(1000, 0, { name: name.padEnd(10), text: "" });
      made.push(bar);
      return {
        update: (done, text) => bar.update(Math.round(1000 * clamp(done)), { text }),
      };
    },
    line: (text) => bars.log(`${text}\n`),
    stop() {
      for (const bar of made) bars.remove(bar);
      bars.stop();
    },
  };
}

function plainProgress(output: Output): Progress {
  return {
    bar(name, { isMain = false } = {}) {
      let shownAt = performance.now();
      let shown = 0;
      let last = { line: "", since: 0 };
      return {
        update(done, text) {
          // A bar that goes back belongs to the next round; it is printed when that round has made progress.
          if (done < shown) shown = 0;
          const isSmall = done - shown < PLAIN_STEP && !isMain;
          const now = performance.now();
          if (now - shownAt < PLAIN_EVERY_MS || isSmall) return;
          const line = `${name}: ${Math.round(100 * clamp(done))} %  ${text}`.trimEnd();
          const isSame = line === last.line;
          if (isSame && now - shownAt < PLAIN_AGAIN_MS) return;
          if (!isSame) last = { line, since: now };
          shownAt = now;
          shown = done;
          const stood = Math.round((now - last.since) / 1000);
          output.line(isSame ? `${line} (for ${stood} s)` : line);
        },
      };
    },
    line: (text) => output.line(text),
    stop: () => {},
  };
}

function clamp(done: number): number {
  return Math.min(1, Math.max(0, done));
}
