/** WebTorrent takes this for "there is no DHT". */
export const Client = undefined;
