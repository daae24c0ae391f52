/**
 * The page at `/`: its files are listed once, at the start, so that no path sent by a client is looked up on the disk.
 */
import { readdirSync } from "node:fs";
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
/** Read once, at the start: all files beside index.html, without subfolders. */
const OWN_FILES = readdirSync(PAGE).filter((name) => name !== "index.html" && typeOf(name));
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
  const type = typeOf(file.pathname) ?? "application/octet-stream";
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

function typeOf(name: string): string | undefined {
  return TYPES[name.slice(name.lastIndexOf(".") + 1)];
}
