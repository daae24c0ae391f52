/**
 * Finds one chunk in the bytes of a manifest without parsing all of it as JSON: a manifest may have 65,535 chunks, and
 * anybody can send such a request. The bytes are canonical, so an entry has only one form.
 */

export interface FoundChunk {
  readonly file: string;
  /** Hex. */
  readonly sha256: string;
}

const FILE = /^[a-z0-9][a-z0-9-]{0,62}\.bin$/;
const HASH = /^[0-9a-f]{64}$/;
/**
 * `"file":"…","rows":…,"sha256":"…"}`; quotes inside texts of a manifest are escaped, so no text can look like this.
 */
const ENTRY = /"file":"([a-z0-9][a-z0-9-]{0,62}\.bin)","rows":\d{1,8},"sha256":"([0-9a-f]{64})"}/;
/** Longer than any entry from its "file" on, and than the part before its hash. */
const ENTRY_BYTES = 200;

/** @param name file name, or SHA-256 in hex */
export function findChunk(manifest: Buffer, name: string): FoundChunk | undefined {
  if (FILE.test(name)) {
    const found = entryAt(manifest, manifest.indexOf(`"file":"${name}",`));
    return found?.file === name ? found : undefined;
  }
  const hash = name.toLowerCase();
  if (!HASH.test(hash)) return undefined;
  const at = manifest.indexOf(`"sha256":"${hash}"}`);
  if (at === -1) return undefined;
  const found = entryAt(manifest, manifest.lastIndexOf('"file":"', at));
  return found?.sha256 === hash ? found : undefined;
}

function entryAt(manifest: Buffer, at: number): FoundChunk | undefined {
  if (at === -1) return undefined;
  const [, file, sha256] = ENTRY.exec(manifest.toString("latin1", at, at + ENTRY_BYTES)) ?? [];
  return file === undefined || sha256 === undefined ? undefined : { file, sha256 };
}
