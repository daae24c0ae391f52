/** Bundles light.ts for browsers. `npm run build:page` runs it, and so does `npm ci`. The node serves the file. */
import { fileURLToPath } from "node:url";

export const LIGHT_BUNDLE = new URL("../dist/light.js", import.meta.url);

/** @returns bytes written. Needs esbuild, a development dependency. */
export async function buildLight(): Promise<number> {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL("light.ts", import.meta.url))],
    outfile: fileURLToPath(LIGHT_BUNDLE),
    bundle: true,
    format: "esm",
    // Adds the conditions under which package.json selects the browser's SHA-256.
    platform: "browser",
    inject: [fileURLToPath(new URL("buffer.ts", import.meta.url))],
    target: "es2022",
    minify: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  return Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const bytes = await buildLight();
    process.stdout.write(`node/page/dist/light.js: ${bytes} bytes\n`);
  } catch (error) {
    const isMissing =
      error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!isMissing) throw error;
    process.stdout.write("esbuild is not installed: the page goes without its light client\n");
  }
}
