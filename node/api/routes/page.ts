/** The page at `/`: files from an explicit list, so that no path a client sends reaches the disk. */
import { readFile } from "node:fs/promises";
import type { Reply, Route } from "../route.ts";
import { route } from "../route.ts";

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const PAGE = new URL("../../page/", import.meta.url);

/** URL path -> file. */
function pageFiles(): ReadonlyMap<string, URL> {
  const own = (name: string): [string, URL] => [`/assets/${name}`, new URL(name, PAGE)];
  const uplot = (name: string): URL => new URL(import.meta.resolve(`uplot/dist/${name}`));
  return new Map([
    ["/", new URL("index.html", PAGE)],
    own("style.css"),
    own("icon.svg"),
    own("main.js"),
    ["/assets/uplot.js", uplot("uPlot.esm.js")],
    ["/assets/uplot.css", uplot("uPlot.min.css")],
  ]);
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
  return { bytes: await readFile(file), type, headers: { "cache-control": "no-cache" } };
}
