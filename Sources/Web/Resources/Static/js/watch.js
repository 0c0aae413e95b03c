// The watch page. The room comes first: the elements inside it look for it.
import "./elements/live-room.js";
import "./elements/live-player.js";
import "./elements/live-chat.js";
import "./elements/pinned-card.js";
import "./elements/product-shelf.js";
import "./elements/bag-drawer.js";
import "./elements/local-time.js";
