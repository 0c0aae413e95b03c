// A show that is watched again: the watch page with a recording. The rooms come first: the elements look for theirs.
import "./lib/replay-room.js";
import "./elements/live-room.js";
import "./elements/replay-player.js";
import "./elements/replay-controls.js";
import "./elements/live-chat.js";
import "./elements/pinned-card.js";
import "./elements/product-shelf.js";
import "./elements/bag-drawer.js";
import "./elements/local-time.js";
