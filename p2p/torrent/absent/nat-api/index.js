/** WebTorrent takes this for "there is no port mapping". */
// biome-ignore lint/style/noDefaultExport: WebTorrent imports it so.
export default undefined;
