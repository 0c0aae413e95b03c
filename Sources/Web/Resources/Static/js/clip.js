// A clip: the watch page with a short film. The room comes first: the elements look for theirs.
import "./lib/clip-room.js";
import "./elements/live-room.js";
import "./elements/clip-player.js";
import "./elements/pinned-card.js";
import "./elements/product-shelf.js";
import "./elements/bag-drawer.js";

const room = document.querySelector("live-room");
room.checkout.from = { clip: room.getAttribute("clip") };
