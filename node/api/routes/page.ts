/** The page at `/`: files from an explicit list, so that no path a client sends reaches the disk. */
import { readFile } from "node:fs/promises";
import { LIGHT_BUNDLE } from "../../page/light/build.ts";
import { isCode } from "../../wallet/secret-file.ts";
import { apiError } from "../api-error.ts";
import type { Reply, Route } from "../route.ts";
import { route } from "../route.ts";

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const PAGE = new URL("../../page/", import.meta.url);
const OWN_FILES = [
  "api.js",
  "block-feed.js",
  "block-page.js",
  "chart.js",
  "dom.js",
  "format.js",
  "icon.svg",
  "job-card.js",
  "job-page.js",
  "light-check.js",
  "main.js",
  "node-page.js",
  "not-found.js",
  "notices.js",
  "outcome.js",
  "overview.js",
  "parts.css",
  "patch.js",
  "ssz.js",
  "store.js",
  "style.css",
] as const;
const UPLOT_FILES = { "uplot.js": "uPlot.esm.js", "uplot.css": "uPlot.min.css" } as const;

/** URL path -> file. */
function pageFiles(): ReadonlyMap<string, URL> {
  const files = new Map([["/", new URL("index.html", PAGE)]]);
  for (const name of OWN_FILES) files.set(`/assets/${name}`, new URL(name, PAGE));
  files.set("/assets/light.js", LIGHT_BUNDLE);
  for (const [name, source] of Object.entries(UPLOT_FILES)) {
    files.set(`/assets/${name}`, new URL(import.meta.resolve(`uplot/dist/${source}`)));
  }
  return files;
}

export function pageRoutes(): Route[] {
  return Array.from(pageFiles(), ([path, file]) =>
    route({
      method: "get",
      path,
      tag: "page",
      summary: "The page and its files",
      undocumented: true,
      answers: [{ status: 200, description: "a file" }],
      handle: () => serve(file),
    }),
  );
}

async function serve(file: URL): Promise<Reply> {
  const extension = file.pathname.slice(file.pathname.lastIndexOf(".") + 1);
  const type = TYPES[extension] ?? "application/octet-stream";
  try {
    return { bytes: await readFile(file), type, headers: { "cache-control": "no-cache" } };
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
    throw apiError(404, "NOT_BUILT", "this node was installed without the browser's light client", {
      cause: error,
      remedy: "npm ci && npm run build:page",
    });
  }
}
