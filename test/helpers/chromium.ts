/** Debian's chromium under playwright-core, for tests of what runs in a browser. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where a Chromium is, or undefined: POML_CHROMIUM, else the usual places. */
export function chromiumPath(): string | undefined {
  return [process.env.POML_CHROMIUM ?? "", ...PATHS].find(
    (path) => path !== "" && existsSync(path),
  );
}

/** Nothing but this machine is asked for anything. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts one, or skips the suite with a line that says why. */
export async function launchChromium(suite: Mocha.Context): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    process.stdout.write(
      "    no chromium found (apt-get install chromium, or POML_CHROMIUM): skipped\n",
    );
    return suite.skip();
  }
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
