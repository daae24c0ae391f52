/** Nothing: with `utp: false` WebTorrent calls nothing of it. */
module.exports = {};
